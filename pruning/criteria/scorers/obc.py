"""OBC: row by row, greedily, each removed weight made up for by the exact least-squares update of its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Solution, Solver, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.criteria.problem import LayerProblem
    from pruning.network.scene import Scene

WIDEST = 1200
"""Columns of the widest layer: the work grows with the third power of them, for every row."""
NUMBERS = 24_000_000
"""Numbers that the inverses of the rows solved together may fill (float32: 96 MB)."""


@scorers.register
class OBC(Solver):
    name = "obc"
    label = "OBC (ExactOBS)"
    summary = "In each row, the weight whose removal costs least goes, the rest of the row makes up for it, and again."
    formula = r"p = \arg\min_p \frac{w_p^2}{[H^{-1}]_{pp}}, \quad \delta w = -\frac{w_p}{[H^{-1}]_{pp}} [H^{-1}]_{:, p}"
    reference = "Frantar & Alistarh 2022, Optimal Brain Compression, section 4 (ExactOBS); Hassibi & Stork 1993"
    idea = "The least-squares answer to one removal is exact, so removals one by one, each answered, lose little."
    cost = "For every row one update of its inverse per input, whatever the level: the dearest criterion here."
    fails = "Greedy within a row, layer by layer; too slow for layers of more than 1,200 inputs."
    needs = "activations"
    family = "second order"
    draws = True
    granularities = ("weight", "n_m")
    rank = 72

    samples: int = Field(256, ge=10, le=50_000, description="Training images, drawn by the seed.")
    dampening: float = Field(0.01, gt=0, le=1, description="Added to the diagonal, as a share of its mean.")
    sequential: bool = Field(True, description="Later layers see inputs that went through pruned earlier ones.")

    def solve(self, scene: Scene, removed: Mapping[str, int]) -> Solution:
        from pruning.common.errors import Incompatible
        from pruning.criteria.layerwise import walk

        for name in filter(removed.get, removed):
            if (width := scene.weights[name][0].numel()) > WIDEST:
                raise Incompatible(
                    f"OBC is too slow for '{name}' with {width:,} inputs a row (at most {WIDEST:,}): choose SparseGPT."
                )
        return walk(scene, removed, self.samples, self._layer, sequential=self.sequential)

    def _layer(self, layer: LayerProblem) -> tuple[Tensor, Tensor]:
        """Every row's whole order of removal and its losses; then the layer's cheapest go; then the rows' weights."""
        import torch

        inverses = [self._inverse(layer, curve) for curve in layer.hessian]
        # Weights on inputs that are always zero do nothing: they go first, at no cost.
        dead = (layer.hessian.diagonal(dim1=1, dim2=2) <= 0).repeat_interleave(layer.rows, 0)
        alive = layer.weight.masked_fill(dead, 0.0)
        group = None if layer.pattern is None else group_of(layer)
        step = max(1, NUMBERS // layer.weight.shape[1] ** 2)
        parts = []
        for number, inverse in enumerate(inverses):
            for start in range(number * layer.rows, (number + 1) * layer.rows, step):
                rows = slice(start, min(start + step, (number + 1) * layer.rows))
                # The order needs no double precision, and half the memory is half the time.
                most = layer.gone if group is not None else 0
                parts.append(
                    removal_order(alive[rows].float(), inverse.float(), layer.mask[rows], group, most, layer.note)
                )
        losses, order = (torch.cat(pieces) for pieces in zip(*parts, strict=True))
        if group is None:
            chosen = torch.zeros_like(losses.flatten(), dtype=torch.bool)
            chosen[losses.flatten().argsort(stable=True)[: layer.remove]] = True
            chosen = chosen.view(losses.shape)
        else:
            chosen = losses.isfinite()
        keep = torch.ones_like(layer.mask).scatter_(1, order, ~chosen)
        weight = alive.clone()
        for row in range(len(weight)):
            weight[row] = without(weight[row], inverses[row // layer.rows], ~keep[row])
        return keep, weight

    def _inverse(self, layer: LayerProblem, curve: Tensor) -> Tensor:
        import torch

        from pruning.common.errors import BadTensor

        curve = curve.clone()
        curve.diagonal()[curve.diagonal() <= 0] = 1.0
        curve.diagonal().add_(self.dampening * curve.diagonal().mean())
        try:
            return torch.cholesky_inverse(torch.linalg.cholesky(curve))
        except torch.linalg.LinAlgError:
            raise BadTensor(
                f"The inputs of '{layer.name}' have no Cholesky factor: raise the dampening or take more images."
            ) from None


def group_of(layer: LayerProblem) -> Tensor:
    """The number of the N:M group that each column belongs to, int64 ``(columns,)``."""
    import torch

    groups = layer.neighbours()
    found = torch.empty(groups.numel(), dtype=torch.int64, device=groups.device)
    found[groups] = torch.arange(len(groups), device=groups.device)[:, None].expand_as(groups)
    return found


def removal_order(
    weight: Tensor,
    inverse: Tensor,
    mask: Tensor,
    group: Tensor | None = None,
    most: int = 0,
    note: Callable[[], None] = lambda: None,
) -> tuple[Tensor, Tensor]:
    """The order in which the optimal brain surgeon removes all weights of each row, each answered by the others.

    Args:
        weight: ``(rows, columns)``.
        inverse: of the Hessian, ``(columns, columns)``.
        mask: what is left at the start; masked weights go first and cost nothing.
        group: for an N:M pattern each column's group; once ``most`` of one have gone, the rest of it comes last.
        note: called now and then; see ``Layer``.

    Returns:
        Losses ``(rows, columns)`` in order of removal, made never to fall, so that the cheapest of a layer are always
        the first of their rows, infinite for what a pattern keeps; and the columns in that order, int64.
    """
    import torch

    rows, width = weight.shape
    weight, inverses = weight.clone(), inverse.expand(rows, width, width).clone()
    names = torch.arange(width, device=weight.device).expand(rows, width)
    gone = torch.zeros_like(mask)
    every = torch.arange(rows, device=weight.device)
    losses, order = torch.zeros_like(weight), torch.zeros_like(names)
    taken = torch.zeros_like(names)
    tiny, huge = torch.finfo(weight.dtype).tiny, torch.finfo(weight.dtype).max
    for number in range(width):
        if number % 32 == 0:
            note()
        diagonal = inverses.diagonal(dim1=1, dim2=2).clamp(min=tiny)
        scores = (weight.square() / diagonal).clamp(max=huge / 2)
        if group is not None:
            scores.masked_fill_(taken.gather(1, group[names]) >= most, huge)
        scores = torch.where(mask, scores, -1.0).masked_fill_(gone, torch.inf)
        loss, at = scores.min(1)
        name = names[every, at]
        losses[:, number], order[:, number] = torch.where(loss == huge, torch.inf, loss), name
        if group is not None:
            taken[every, group[name]] += 1
        column, pivot = inverses[every, :, at], diagonal[every, at]
        weight -= (weight[every, at] / pivot)[:, None] * column
        inverses.baddbmm_((column / -pivot[:, None]).unsqueeze(2), column.unsqueeze(1))
        gone[every, at] = True
        left = width - number - 1
        if left and left <= 0.8 * gone.shape[1]:  # every row has lost as many: go on with what is left of each
            kept = (~gone).nonzero()[:, 1].view(rows, left)
            inverses = inverses.gather(1, kept[:, :, None].expand(-1, -1, inverses.shape[2]))
            inverses = inverses.gather(2, kept[:, None, :].expand(-1, left, -1))
            weight, names, mask = weight.gather(1, kept), names.gather(1, kept), mask.gather(1, kept)
            gone = torch.zeros_like(mask)
    return losses.cummax(1).values, order


def without(row: Tensor, inverse: Tensor, gone: Tensor) -> Tensor:
    """A row's least-squares answer when some of its weights are zero: w - H^-1_{:,S} (H^-1_{SS})^-1 w_S."""
    import torch

    if not gone.any():
        return row
    if gone.all():
        return torch.zeros_like(row)
    part = torch.linalg.solve(inverse[gone][:, gone], row[gone])
    return (row - inverse[:, gone] @ part).masked_fill(gone, 0.0)
