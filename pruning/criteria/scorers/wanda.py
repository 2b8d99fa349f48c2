"""Wanda: weights times the norm of what they multiply, ranked within each output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Solution, Solver, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.criteria.problem import LayerProblem
    from pruning.network.scene import Scene


@scorers.register
class Wanda(Solver):
    name = "wanda"
    label = "Wanda"
    summary = "The weight's size times the norm of its input, compared within each output row."
    formula = r"s_{ij} = |W_{ij}| \cdot \lVert X_j \rVert_2"
    reference = "Sun et al. 2024, A Simple and Effective Pruning Approach for Large Language Models, equation 1"
    idea = "A small weight on a large input matters: size alone does not see it."
    cost = "For each layer one forward pass over the sample, up to that layer."
    fails = "Every output loses the same share, needed or not; weights are not adapted to what is lost."
    needs = "activations"
    family = "activations"
    draws = True
    granularities = ("weight", "n_m")
    rank = 70

    samples: int = Field(256, ge=10, le=50_000, description="Training images, drawn by the seed.")
    sequential: bool = Field(True, description="Later layers see inputs that went through pruned earlier ones.")

    def solve(self, scene: Scene, removed: Mapping[str, int]) -> Solution:
        from pruning.criteria.layerwise import walk

        return walk(scene, removed, self.samples, _solve, sequential=self.sequential, diagonal=True)


def _solve(layer: LayerProblem) -> tuple[Tensor, Tensor]:
    """The mask of one layer; norms are the roots of the Hessian's diagonal, up to a factor that ranks nothing.

    Every row loses the floor or ceil of one share, or more where an earlier mask has taken more already.
    """
    import torch

    from pruning.criteria.problem import shares

    norms = layer.hessian.sqrt().repeat_interleave(layer.rows, 0)
    scores = (layer.weight.abs() * norms).masked_fill(~layer.mask, -1.0)
    keep = torch.ones_like(layer.mask)
    if layer.pattern is not None:
        groups = layer.neighbours()
        lowest = scores[:, groups].argsort(dim=-1, stable=True)[..., : layer.gone]
        gone = groups.expand(len(keep), -1, -1).gather(2, lowest).flatten(1)
        return keep.scatter_(1, gone, False), layer.weight
    width = keep.shape[1]
    counts = shares(layer.remove, [width] * len(keep), (~layer.mask).sum(1).tolist())
    order = scores.argsort(dim=1, stable=True)
    removed = torch.arange(width, device=order.device) < torch.tensor(counts, device=order.device)[:, None]
    return keep.scatter_(1, order, ~removed), layer.weight
