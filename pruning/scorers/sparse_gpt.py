"""SparseGPT: column by column, with the error of each removed weight pushed to the columns on its right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria import Solution, Solver
from pruning.registry import scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.calibration import Layer
    from pruning.passes import Scene


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
    cost = "For each layer one forward pass over the sample and one Cholesky factor of its inputs' second moments."
    fails = "Makes up for errors layer by layer, not for the network; few images bend the weights to themselves."
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
        from pruning.calibration import walk

        return walk(scene, removed, self.samples, self._layer, sequential=self.sequential)

    def _layer(self, layer: Layer) -> tuple[Tensor, Tensor]:
        import torch

        from pruning.calibration import share_rows

        counts = share_rows(layer.remove, len(layer.hessian)).tolist()
        masks, weights = [], []
        for number, (curve, count) in enumerate(zip(layer.hessian, counts, strict=True)):
            rows = slice(number * layer.rows, (number + 1) * layer.rows)
            mask, weight = self._group(layer, layer.weight[rows].clone(), curve.clone(), layer.mask[rows], int(count))
            masks.append(mask)
            weights.append(weight)
        return torch.cat(masks), torch.cat(weights)

    def _group(
        self, layer: Layer, weight: Tensor, curve: Tensor, mask: Tensor, count: int
    ) -> tuple[Tensor, Tensor]:
        """One convolution group, or a whole linear layer."""
        import torch

        width = weight.shape[1]
        factor = inverse_factor(layer.name, curve, weight, self.dampening)
        diagonal = factor.diagonal()
        keep = mask.clone()
        left = count
        for start in range(0, width, self.block):
            stop = min(start + self.block, width)
            inside = slice(start, stop)
            if layer.pattern is None:
                # Each block gives its share of what is still to be removed, so that the count is exact.
                quota = left if stop == width else round(left * (stop - start) / (width - start))
                scores = (weight[:, inside] / diagonal[inside]).square().masked_fill(~mask[:, inside], -1.0)
                order = scores.flatten().argsort(stable=True)[:quota]
                here = torch.ones_like(scores, dtype=torch.bool)
                here.view(-1)[order] = False
                keep[:, inside] = here
                left -= quota
            errors = torch.zeros_like(weight[:, inside])
            for column in range(start, stop):
                if layer.pattern is not None:
                    self._pattern(layer, weight, diagonal, mask, keep, column, count)
                wrong = torch.where(keep[:, column], 0.0, weight[:, column] / diagonal[column])
                weight[:, column:stop] -= wrong[:, None] * factor[column, column:stop]
                errors[:, column - start] = wrong
            weight[:, stop:] -= errors @ factor[inside, stop:]
        return keep, weight.masked_fill(~keep, 0.0)

    @staticmethod
    def _pattern(
        layer: Layer, weight: Tensor, diagonal: Tensor, mask: Tensor, keep: Tensor, column: int, count: int
    ) -> None:
        """At the first column of a group of M, choose which of its columns go, row by row."""
        group = next(group for group in layer.grouped() if column in group)
        if column != int(group.min()):
            return
        assert layer.pattern is not None
        gone = count * layer.pattern // weight.numel()
        scores = (weight[:, group] / diagonal[group]).square().masked_fill(~mask[:, group], -1.0)
        lowest = scores.argsort(dim=1, stable=True)[:, :gone]
        keep[:, group] = True
        keep.scatter_(1, group[lowest], False)


def inverse_factor(name: str, curve: Tensor, weight: Tensor, dampening: float) -> Tensor:
    """The upper Cholesky factor U of the dampened inverse, H^-1 = U^T U; inputs that are always zero take no part.

    Raises:
        BadTensor: the matrix has no factor; the sentence names the layer.
    """
    import torch

    from pruning.errors import BadTensor

    dead = curve.diagonal() <= 0
    curve.diagonal()[dead] = 1.0
    weight[:, dead] = 0.0
    curve.diagonal().add_(dampening * curve.diagonal().mean())
    try:
        inverse = torch.cholesky_inverse(torch.linalg.cholesky(curve))
        return torch.linalg.cholesky(inverse, upper=True)
    except torch.linalg.LinAlgError:
        raise BadTensor(
            f"The inputs of '{name}' have no Cholesky factor: raise the dampening or take more images."
        ) from None
