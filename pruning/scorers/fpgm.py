"""FPGM: filters near the geometric median of their layer can be replaced by the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria import Scorer
from pruning.registry import scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.passes import Scene


@scorers.register
class FPGM(Scorer):
    name = "fpgm"
    label = "FPGM (geometric median)"
    summary = "The sum of a filter's distances to all filters of its layer."
    formula = r"s_i = \sum_j \lVert W_i - W_j \rVert_2"
    reference = "He et al. 2019, Filter Pruning via Geometric Median, equation 8"
    idea = "A filter close to the middle of the others is redundant: they can do its work."
    cost = "No data and no pass; distances between all filters of a layer."
    fails = "Distances do not see what a filter is used for; layers of different scale are not comparable globally."
    gives = "channels"
    rank = 20

    def score(self, scene: Scene) -> dict[str, Tensor]:
        import torch

        found = {}
        for name, weight in scene.weights.items():
            # In float64 and without the matrix-product shortcut, which loses small distances to rounding.
            flat = weight.flatten(1).double()
            distances = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist").sum(1)
            found[name] = distances.float().view(-1, *(1,) * (weight.ndim - 1))
        return found
