"""Layers as matrices: what reaches a layer from training images, and how a solver walks from layer to layer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.activations import hooked
from pruning.criteria import Solution
from pruning.errors import Incompatible
from pruning.passes import mode, parts
from pruning.state import apply_masks, prunable

if TYPE_CHECKING:
    from pruning.passes import Scene


@dataclass(frozen=True)
class Layer:
    """One layer to be solved.

    Attributes:
        name: of its weight.
        weight: float64 ``(rows, columns)``; a convolution's columns are input channels times kernel positions.
        hessian: float64 ``(groups, columns, columns)``: 2 X X^T / n of the inputs of each convolution group.
        mask: bool like the weight, what is left so far.
        remove: entries to be removed, masked ones included.
        pattern: M of an N:M pattern along the input channels, and the kernel positions between two of them.
    """

    name: str
    weight: Tensor
    hessian: Tensor
    mask: Tensor
    remove: int
    pattern: int | None
    positions: int

    @property
    def rows(self) -> int:
        """Rows of one convolution group."""
        return len(self.weight) // len(self.hessian)

    def grouped(self) -> Tensor:
        """Column numbers in the order ``(groups of M, M)`` along the input channels, per kernel position."""
        assert self.pattern is not None
        columns = torch.arange(self.weight.shape[1], device=self.weight.device).view(-1, self.positions)
        return columns.unflatten(0, (-1, self.pattern)).movedim(1, -1).reshape(-1, self.pattern)


def rows_of(module: nn.Module, inputs: Tensor) -> Tensor:
    """A layer's inputs as rows: ``(groups, n, columns)``, so that its output is ``rows @ weight.flatten(1).T``.

    Raises:
        Incompatible: the layer is neither linear nor a convolution over images with zero padding.
    """
    if isinstance(module, nn.Linear):
        return inputs.reshape(1, -1, inputs.shape[-1])
    if isinstance(module, nn.Conv2d) and module.padding_mode == "zeros" and not isinstance(module.padding, str):
        unfolded = F.unfold(inputs, module.kernel_size, module.dilation, module.padding, module.stride)
        grouped = unfolded.unflatten(1, (module.groups, -1))
        return grouped.permute(1, 0, 3, 2).reshape(module.groups, -1, grouped.shape[2])
    raise Incompatible(
        f"Solvers work on linear layers and on convolutions with zero padding, not on {type(module).__name__}."
    )


def hessian(module: nn.Module, model: nn.Module, images: Tensor, note: Callable[[int], None]) -> Tensor:
    """2 X X^T / n over everything that reaches a layer, float64 ``(groups, columns, columns)``.

    Raises:
        Incompatible: the layer is never called by itself.
    """
    total: list[Any] = [None, 0]

    def gather(_: nn.Module, args: tuple[Tensor, ...]) -> None:
        rows = rows_of(module, args[0]).double()
        product = rows.transpose(1, 2) @ rows
        total[0] = product if total[0] is None else total[0] + product
        total[1] += rows.shape[1]

    with torch.no_grad(), hooked([(module, gather)], before=True):
        for part in parts(len(images)):
            note(part.start)
            model(images[part])
    if total[0] is None:
        kind = type(module).__name__
        raise Incompatible(f"A {kind} of this network is never called by itself, so its inputs are not seen.")
    return 2 * total[0] / total[1]


def walk(
    scene: Scene,
    removed: Mapping[str, int],
    samples: int,
    solve: Callable[[Layer], tuple[Tensor, Tensor]],
    *,
    sequential: bool = True,
) -> Solution:
    """Solve layer after layer in forward order, on a copy of the network.

    Args:
        solve: from a layer to its mask and its new weight, both like the layer's.
        sequential: later layers see inputs that went through the solved earlier ones; else those of the dense network.
    """
    assert scene.layout is not None
    images, _ = scene.sample(samples)
    model = copy.deepcopy(scene.model)
    weights = prunable(model)
    masks: dict[str, Tensor] = {}
    found: dict[str, Tensor] = {}
    names = [name for name in scene.weights if name in removed]
    with mode(model, False):
        for number, name in enumerate(names):
            module, weight = model.get_submodule(name.rpartition(".")[0]), weights[name]
            if not isinstance(module, nn.Linear | nn.Conv2d):
                raise Incompatible(f"Solvers cannot see the inputs of '{name}', a {type(module).__name__}.")
            source = model if sequential else scene.model
            at = module if sequential else scene.model.get_submodule(name.rpartition(".")[0])
            said = f"solving {name}"
            curve = hessian(at, source, images, lambda _, n=number, said=said: scene.progress(n, len(names), said))
            mask = scene.masks.get(name, torch.ones_like(weight, dtype=torch.bool)).flatten(1)
            layer = Layer(
                name, weight.detach().flatten(1).double(), curve, mask, removed[name], scene.layout.pattern,
                weight[0, 0].numel(),
            )  # fmt: skip
            keep, new = solve(layer)
            masks[name] = (keep & mask).view(weight.shape)
            found[name] = new.to(weight.dtype).view(weight.shape)
            with torch.no_grad():
                weight.copy_(found[name])
            apply_masks(model, {name: masks[name]})
    return Solution(masks, found)


def share_rows(remove: int, rows: int) -> Tensor:
    """How many of each row go: floor or ceil of the mean, the first rows one more."""
    each, more = divmod(remove, rows)
    return torch.full((rows,), each, dtype=torch.int64) + (torch.arange(rows) < more)
