"""One layer as a solver sees it: a matrix, the second moments of its inputs, and how many of its entries go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from pruning.common.errors import BadTensor
from pruning.network.hessians import Module


@dataclass(frozen=True)
class LayerProblem:
    """One layer to be solved.

    Attributes:
        name: of its weight.
        weight: float64 ``(rows, columns)``; a convolution's columns are input channels times kernel positions.
        hessian: float64 ``(groups, columns, columns)``: 2 X X^T / n of the inputs of each convolution group; or its
            diagonal alone, ``(groups, columns)``, for a solver that asks for no more.
        mask: bool like the weight, what is left so far.
        remove: entries to be removed, masked ones included.
        pattern: M of an N:M pattern along the input channels; None: single weights.
        positions: of the kernel: so many columns lie between two input channels.
        note: to be called now and then in long work; raises ``Cancelled`` where somebody cancelled.
    """

    name: str
    weight: Tensor
    hessian: Tensor
    mask: Tensor
    remove: int
    pattern: int | None
    positions: int
    note: Callable[[], None] = lambda: None

    @property
    def rows(self) -> int:
        """Rows of one convolution group."""
        return len(self.weight) // len(self.hessian)

    @property
    def gone(self) -> int:
        """Of each M neighbours how many go."""
        assert self.pattern is not None
        return self.remove * self.pattern // self.weight.numel()

    def neighbours(self) -> Tensor:
        """Column numbers ``(columns / M, M)``: M input channels in a row, at one kernel position."""
        assert self.pattern is not None
        columns = torch.arange(self.weight.shape[1], device=self.weight.device).view(-1, self.positions)
        return columns.unflatten(0, (-1, self.pattern)).movedim(1, -1).reshape(-1, self.pattern)


def holders(model: nn.Module, weight: Tensor) -> list[Module]:
    """The modules that multiply with a weight, linear or two-dimensional convolutions."""
    return [m for m in model.modules() if isinstance(m, Module) and m.weight is weight]


def checked(name: str, weight: Tensor, curve: Tensor) -> None:
    """Raise ``BadTensor`` that names the layer where its inputs or its weights are no numbers."""
    if not torch.isfinite(curve).all():
        raise BadTensor(f"What reaches '{name}' holds NaN or infinite values: these weights cannot be used.")
    if not torch.isfinite(weight).all():
        raise BadTensor(f"Weights of '{name}' are NaN or infinite: these cannot be solved for.")


def shares(total: int, sizes: Sequence[int], masked: Sequence[int]) -> list[int]:
    """Whole numbers that add up to ``total``, as nearly in proportion to ``sizes`` as what is masked allows.

    Args:
        masked: the least of each; ``sum(masked) <= total <= sum(sizes)``.

    Returns:
        Each the floor or ceil of one share of its size (of equal fractions the first are rounded up), or its least.
    """
    size, least = np.array(sizes, dtype=np.float64), np.array(masked, dtype=np.float64)
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        enough = np.maximum(size * middle, least).sum() >= total
        low, high = (low, middle) if enough else (middle, high)
    exact = np.round(np.maximum(size * high, least), 6)
    whole = np.floor(exact).astype(np.int64)
    whole[np.argsort(whole - exact, kind="stable")[: max(total - int(whole.sum()), 0)]] += 1
    return whole.tolist()


WIDEST = 8192
"""Columns of the widest layer: four square matrices of so many (float64: 2 GB) are in memory at once."""


def inverse_factor(name: str, curve: Tensor, weight: Tensor, dampening: float) -> Tensor:
    """The upper Cholesky factor U of the dampened inverse, H^-1 = U^T U; inputs that are always zero take no part.

    Raises:
        BadTensor: the matrix has no factor; the sentence names the layer.
    """
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
