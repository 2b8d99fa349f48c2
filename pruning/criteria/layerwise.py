"""How a solver walks from layer to layer: each as a matrix, with the second moments of its inputs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from pruning.common.errors import BadTensor, Incompatible
from pruning.criteria.kinds import Solution
from pruning.network.activations import hooked
from pruning.network.hessians import Module, hessian
from pruning.network.passes import measured_norms, mode
from pruning.network.weights import prunable

if TYPE_CHECKING:
    from pruning.network.scene import Scene


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


def calls_of(model: nn.Module, names: Sequence[str], images: Tensor) -> dict[str, int]:
    """How often the modules of each weight are called in one pass.

    Raises:
        Incompatible: some are never called by themselves (fused attention), or are of a kind that is not known here.
    """
    weights, found = prunable(model), dict.fromkeys(names, 0)

    def note(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            found[name] += 1

        return hook

    pairs: list[tuple[nn.Module, Callable[..., None]]] = [
        (module, note(name)) for name in names for module in holders(model, weights[name])
    ]
    with torch.no_grad(), hooked(pairs, before=True):
        model(images[:2])
    if unseen := [f"'{name}'" for name, count in found.items() if not count]:
        more = f" and {len(unseen) - 3} more" if len(unseen) > 3 else ""
        raise Incompatible(
            f"Solvers must see what reaches a linear layer or a 2d convolution, and cannot for {', '.join(unseen[:3])}"
            f"{more}: no such module is called with it (fused attention, say). Choose magnitude, say."
        )
    return found


def walk(
    scene: Scene,
    removed: Mapping[str, int],
    samples: int,
    solve: Callable[[LayerProblem], tuple[Tensor, Tensor]],
    *,
    sequential: bool = True,
    diagonal: bool = False,
) -> Solution:
    """Solve layer after layer in forward order, on a copy of the network. Layers that lose nothing stay as they are.

    Args:
        solve: from a layer to its mask and its new weight, both like the layer's.
        sequential: later layers see inputs that went through the solved earlier ones; else those of the given network.
        diagonal: layers get the Hessian's diagonal alone.

    Raises:
        Incompatible: some weights' inputs cannot be seen.
        BadTensor: the inputs of a layer, or its weights, hold NaN or infinity.
    """
    model = copy.deepcopy(scene.model)
    source = model if sequential else scene.model  # which is read only
    weights, sources = prunable(model), prunable(source)
    names = [name for name in scene.weights if name in removed]
    masks = {name: scene.masks.get(name, torch.ones_like(weights[name], dtype=torch.bool)) for name in names}
    masks = {name: mask.to(weights[name].device) for name, mask in masks.items()}
    names = [name for name in names if removed[name]]
    found: dict[str, Tensor] = {}
    if not names:
        return Solution(masks, found)
    images, _ = scene.sample(samples)
    with mode(source, False), measured_norms(source):
        calls = calls_of(source, names, images)
        for number, name in enumerate(names):
            note = partial(scene.progress, number, len(names), f"solving {name}")
            note()
            weight, mask = weights[name], masks[name].flatten(1)
            modules = holders(source, sources[name])
            curve = hessian(modules, source, images, calls[name], scene.generator(), note, diagonal)
            if not torch.isfinite(curve).all():
                raise BadTensor(f"What reaches '{name}' holds NaN or infinite values: these weights cannot be used.")
            if not torch.isfinite(weight).all():
                raise BadTensor(f"Weights of '{name}' are NaN or infinite: these cannot be solved for.")
            matrix = weight.detach().flatten(1).double().masked_fill(~mask, 0.0)
            positions, pattern = weight[0, 0].numel(), scene.layout.pattern if scene.layout is not None else None
            keep, new = solve(LayerProblem(name, matrix, curve, mask, removed[name], pattern, positions, note))
            masks[name] = (keep & mask).view(weight.shape)
            found[name] = new.to(weight.dtype).view(weight.shape).masked_fill(~masks[name], 0.0)
            with torch.no_grad():
                weight.copy_(found[name])
    return Solution(masks, found)


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
    import torch

    from pruning.common.errors import BadTensor

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
