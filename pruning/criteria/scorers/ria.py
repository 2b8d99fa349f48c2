"""RIA: how large a weight is within its row and its column, times the root of the norm of its input."""

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
class RIA(Solver):
    name = "ria"
    label = "RIA"
    summary = "The weight's share of its row plus its share of its column, times a power of its input's norm."
    formula = (
        r"s_{ij} = \left( \frac{|W_{ij}|}{\sum_k |W_{ik}|} + \frac{|W_{ij}|}{\sum_k |W_{kj}|} \right) "
        r"\lVert X_j \rVert_2^{a}"
    )
    reference = "Zhang et al. 2024, Plug-and-Play: An Efficient Post-training Pruning Method for LLMs, equation 2"
    idea = "Sizes alone empty whole rows and columns; what is large for its row or column stays."
    cost = "As Wanda: for each layer one forward pass over the sample, up to that layer or through its block."
    fails = "A row that is small because nothing needs it keeps weights all the same; weights are not adapted."
    needs = "activations"
    family = "activations"
    draws = True
    granularities = ("weight", "n_m")
    rank = 73

    samples: int = Field(256, ge=10, le=50_000, description="Training images, drawn by the seed.")
    power: float = Field(0.5, ge=0, le=2, description="Power of the input's norm; 0: inputs do not count.")
    sequential: bool = Field(True, description="Later layers see inputs that went through pruned earlier ones.")

    def solve(self, scene: Scene, removed: Mapping[str, int]) -> Solution:
        from pruning.criteria.layerwise import walk

        return walk(scene, removed, self.samples, self._layer, sequential=self.sequential, diagonal=True)

    def _layer(self, layer: LayerProblem) -> tuple[Tensor, Tensor]:
        """The mask of one layer: the lowest scores of the whole layer go, or of each group of a pattern."""
        import torch

        size = layer.weight.abs()
        rows, columns = size.sum(1, keepdim=True), size.sum(0, keepdim=True)
        shares = size / rows.clamp(min=1e-300) + size / columns.clamp(min=1e-300)
        norms = layer.hessian.sqrt().repeat_interleave(layer.rows, 0)
        scores = (shares * norms**self.power).masked_fill(~layer.mask, -1.0)
        keep = torch.ones_like(layer.mask)
        if layer.pattern is not None:
            groups = layer.neighbours()
            lowest = scores[:, groups].argsort(dim=-1, stable=True)[..., : layer.gone]
            gone = groups.expand(len(keep), -1, -1).gather(2, lowest).flatten(1)
            return keep.scatter_(1, gone, False), layer.weight
        keep.view(-1)[scores.flatten().argsort(stable=True)[: layer.remove]] = False
        return keep, layer.weight
