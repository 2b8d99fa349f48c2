"""SparseGPT: column by column, with the error of each removed weight pushed to the columns on its right."""

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
class SparseGPT(Solver):
    name = "sparse_gpt"
    label = "SparseGPT"
    summary = "Removes weights column by column and lets those on the right make up for each."
    formula = (
        r"s_{ij} = W_{ij}^2 / U_{jj}^2, \quad W_{i, j:} \mathrel{-}= \frac{W_{ij}}{U_{jj}} U_{j, j:}, "
        r"\quad H^{-1} = U^\top U"
    )
    reference = "Frantar & Alistarh 2023, SparseGPT, algorithm 1"
    idea = "What a removed weight did can partly be done by its neighbours, if their inputs go together."
    cost = "For each layer one forward pass over the sample, its inputs' second moments, and one Cholesky factor."
    fails = (
        "Makes up for errors layer by layer, not for the network; few images bend the weights to themselves; "
        "too much memory for layers of more than 8,192 inputs."
    )
    needs = "activations"
    family = "second order"
    draws = True
    granularities = ("weight", "n_m")
    rank = 71

    samples: int = Field(256, ge=10, le=50_000, description="Training images, drawn by the seed.")
    dampening: float = Field(0.01, gt=0, le=1, description="Added to the diagonal, as a share of its mean.")
    block: int = Field(128, ge=1, le=4096, description="Columns whose masks are chosen together.")
    sequential: bool = Field(True, description="Later layers see inputs that went through pruned earlier ones.")

    def solve(self, scene: Scene, removed: Mapping[str, int]) -> Solution:
        from pruning.common.errors import Incompatible
        from pruning.criteria.layerwise import walk
        from pruning.criteria.problem import WIDEST

        for name in filter(removed.get, removed):
            if (width := scene.weights[name][0].numel()) > WIDEST:
                raise Incompatible(
                    f"The inputs of '{name}', {width:,} a row, are too many for SparseGPT (at most {WIDEST:,}): "
                    "choose Wanda."
                )
        return walk(scene, removed, self.samples, self._layer, sequential=self.sequential)

    def _layer(self, layer: LayerProblem) -> tuple[Tensor, Tensor]:
        """Mask and weight; each convolution group has its own inputs, and its share of what is removed."""
        import torch

        from pruning.criteria.problem import shares

        parts = [slice(start, start + layer.rows) for start in range(0, len(layer.weight), layer.rows)]
        sizes = [layer.weight[part].numel() for part in parts]
        counts = shares(layer.remove, sizes, [int((~layer.mask[part]).sum()) for part in parts])
        solved = [
            self._group(layer, curve.clone(), layer.weight[part].clone(), layer.mask[part], count)
            for curve, part, count in zip(layer.hessian, parts, counts, strict=True)
        ]
        masks, weights = zip(*solved, strict=True)
        return torch.cat(masks), torch.cat(weights)

    def _group(
        self, layer: LayerProblem, curve: Tensor, weight: Tensor, mask: Tensor, count: int
    ) -> tuple[Tensor, Tensor]:
        """One convolution group, or a whole linear layer: ``weight`` is changed in place."""
        import torch

        from pruning.criteria.problem import inverse_factor, shares

        width, block = weight.shape[1], self.block
        neighbours: dict[int, Tensor] = {}
        if layer.pattern is not None:
            # Neighbours lie in one block, so that the last of them has had the errors of all columns before the first.
            span = layer.pattern * layer.positions
            block = max(block // span, 1) * span
            neighbours = {int(group[0]): group for group in layer.neighbours()}
        factor = inverse_factor(layer.name, curve, weight, self.dampening)
        diagonal = factor.diagonal()
        keep = mask.clone()
        blocks = [slice(start, min(start + block, width)) for start in range(0, width, block)]
        masked = [int((~mask[:, inside]).sum()) for inside in blocks]
        # Each block gives its share, so that the layer's count is exact.
        quotas = shares(count, [mask[:, inside].numel() for inside in blocks], masked) if not neighbours else masked
        for inside, quota in zip(blocks, quotas, strict=True):
            if not neighbours:
                scores = (weight[:, inside] / diagonal[inside]).square().masked_fill(~mask[:, inside], -1.0)
                here = torch.ones_like(scores, dtype=torch.bool)
                here.view(-1)[scores.flatten().argsort(stable=True)[:quota]] = False
                keep[:, inside] = here
            errors = torch.zeros_like(weight[:, inside])
            for column in range(inside.start, inside.stop):
                if (group := neighbours.get(column)) is not None:
                    scores = (weight[:, group] / diagonal[group]).square().masked_fill(~mask[:, group], -1.0)
                    lowest = scores.argsort(dim=1, stable=True)[:, : layer.gone]
                    keep.scatter_(1, group[lowest], False)
                wrong = torch.where(keep[:, column], 0.0, weight[:, column] / diagonal[column])
                weight[:, column : inside.stop] -= wrong[:, None] * factor[column, column : inside.stop]
                errors[:, column - inside.start] = wrong
            weight[:, inside.stop :] -= errors @ factor[inside, inside.stop :]
        return keep, weight.masked_fill(~keep, 0.0)
