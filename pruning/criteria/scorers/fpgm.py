"""FPGM: filters near the geometric median of their layer can be replaced by the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class FPGM(Scorer):
    name = "fpgm"
    label = "FPGM (geometric median)"
    summary = "The sum of a filter's distances to all other filters of its layer."
    formula = r"s_i = \sum_{j \neq i} \lVert W_i - W_j \rVert_2"
    reference = (
        "He et al. 2019, Filter Pruning via Geometric Median for Deep Convolutional Neural Networks Acceleration"
    )
    idea = "A filter close to the middle of the others is redundant: they can do its work."
    cost = "No data and no pass; one product of each layer's filters with themselves."
    fails = (
        "Distances do not see what a filter is used for. They grow with a layer's scale and number of filters, so that "
        "layers are hardly comparable: choose the uniform allocation."
    )
    gives = "channels"
    rank = 20

    def score(self, scene: Scene) -> dict[str, Tensor]:
        found = {}
        for name, weight in scene.weights.items():
            flat = weight.flatten(1).double()
            # Filters that are masked whole are not there to replace another.
            others = flat if name not in scene.masks else flat[scene.masks[name].flatten(1).any(1).to(flat.device)]
            found[name] = _distances(flat, others).float().view(-1, *(1,) * (weight.ndim - 1))
        return found


def _distances(rows: Tensor, others: Tensor) -> Tensor:
    """Sums of the Euclidean distances of each row to all others, in float64, ``(n,)``.

    By the product of the two: the squares' error of 1e-16 is nothing in a sum, and a wide layer takes seconds.
    """
    import torch

    from pruning.common.limits import SAMPLE_NUMBERS

    if not len(others):
        return rows.new_zeros(len(rows))
    middle = others.mean(0)  # distances do not change, and there is less to be cancelled
    rows, others = rows - middle, others - middle
    lengths, sums = others.square().sum(1), []
    for part in rows.split(max(1, SAMPLE_NUMBERS // len(others))):
        squares = part.square().sum(1, keepdim=True) + lengths - 2 * part @ others.T
        # What rounding leaves of equal rows, and of a row and itself, is no distance.
        none = squares <= 1e-14 * (part.square().sum(1, keepdim=True) + lengths)
        sums.append(torch.where(none, 0.0, squares.clamp(min=0).sqrt()).sum(1))
    return torch.cat(sums)
