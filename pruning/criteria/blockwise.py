"""Language models block by block: each block's inputs are computed once, from the block before.

As SparseGPT and Wanda go: all layers of a block see what flows through it before it is pruned, and the next block what
flows out of it afterwards. Two passes a block, whatever the number of layers; in memory, beside the network, are what
enters one block (a number for each channel of each calibration token) and the moments of its layers' inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from pruning.common.errors import Incompatible
from pruning.criteria.problem import holders
from pruning.network.activations import hooked
from pruning.network.groups.blocks import removable_blocks
from pruning.network.hessians import ROWS, Look, Module, second_moments, squares
from pruning.network.inputs import parts, vocabulary
from pruning.network.weights import prunable

if TYPE_CHECKING:
    from pruning.network.scene import Scene

Settle = Callable[[str, int, Tensor], None]
"""Solves a layer: its name, how many were solved before, and its Hessian or the diagonal of that."""


class _Reached(Exception):
    """What enters the first block is known."""


class Entering:
    """What enters the current block, and what else the blocks are called with.

    Args:
        model: in eval mode.
        blocks: names, in the order of their calls; each takes what the one before gives.
        ids: calibration windows ``(n, tokens)``.
    """

    def __init__(self, model: nn.Module, blocks: Sequence[str], ids: Tensor) -> None:
        self.blocks = [model.get_submodule(name) for name in blocks]
        self.parts = parts(model, ids)
        self.states: list[Tensor] = []
        self.others: dict[int, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        handle = self.blocks[0].register_forward_pre_hook(self._catch, with_kwargs=True)
        try:
            with torch.no_grad():
                for part in self.parts:
                    try:
                        model(ids[part])
                    except _Reached:
                        continue
        finally:
            handle.remove()

    def _catch(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.states.append(args[0])
        self.others[len(args[0])] = args[1:], kwargs  # masks and positions, the same for all batches of one size
        raise _Reached

    def through(self, number: int, note: Callable[[], None], keep: bool) -> None:
        """All windows through block ``number``; with ``keep``, what leaves it enters the next."""
        for place, given in enumerate(self.states):
            note()
            args, kwargs = self.others[len(given)]
            with torch.no_grad():
                out = self.blocks[number](given, *args, **kwargs)
            if keep:
                self.states[place] = out


class Moments:
    """Second moments of what reaches some layers; those that read the same tensor share one product."""

    def __init__(self, modules: Mapping[str, Sequence[Module]], most: int, scene: Scene, diagonal: bool) -> None:
        self.look: Look = squares if diagonal else second_moments
        self.most, self.generator = most, scene.generator()
        self.sums: dict[str, Tensor] = {}
        self.counts = dict.fromkeys(modules, 0)
        self.last: tuple[Tensor, tuple[Tensor, int]] | None = None
        self.hooks = [(module, partial(self._gather, name)) for name, held in modules.items() for module in held]

    def _gather(self, name: str, module: Module, args: tuple[Tensor, ...]) -> None:
        if self.last is None or self.last[0] is not args[0]:
            flat = args[0].ndim < 3  # OPT's tokens come without their windows: all of them count
            given, most = (args[0].unsqueeze(0), len(args[0])) if flat else (args[0], self.most)
            self.last = args[0], self.look(module, given, most, self.generator)
        found, rows = self.last[1]
        self.sums[name] = self.sums[name] + found if name in self.sums else found
        self.counts[name] += rows

    def hessian(self, name: str) -> Tensor:
        """2 X X^T / n, float64 ``(1, columns, columns)``, or its diagonal ``(1, columns)``; it is forgotten here."""
        return 2 * self.sums.pop(name) / self.counts[name]


def walk_blocks(
    scene: Scene,
    model: nn.Module,
    names: Sequence[str],
    ids: Tensor,
    settle: Settle,
    sequential: bool,
    diagonal: bool,
) -> list[str]:
    """Solve those of the weights that lie in a language model's blocks; returns the names of all others.

    Args:
        model: a copy of the scene's, in eval mode, which ``settle`` changes.
        ids: calibration windows ``(n, tokens)``.
        sequential: later blocks see inputs that went through the solved earlier ones; else those of the given network.
        diagonal: layers get the Hessian's diagonal alone.

    Raises:
        Incompatible: a weight of a block is never multiplied by a layer of its own.
    """
    if not vocabulary(model):
        return list(names)
    blocks = removable_blocks(model, scene.base.input_shape)
    inside = [[name for name in names if name.startswith(f"{block}.")] for block in blocks]
    if not any(inside) or not _row(model, blocks):
        return list(names)
    weights, entering, done = prunable(model), Entering(model, blocks, ids), 0
    last = max(number for number, held in enumerate(inside) if held)
    for number, held in enumerate(inside[: last + 1]):
        note = partial(scene.progress, done, len(names), f"block {number + 1} of {len(blocks)}")
        modules = {name: holders(model, weights[name]) for name in held}
        moments = Moments(modules, max(1, ROWS // len(ids)), scene, diagonal)
        with hooked(moments.hooks, before=True):
            entering.through(number, note, keep=not sequential)
        moments.last = None
        for name in held:
            if name not in moments.sums:
                raise Incompatible(f"Solvers must see what reaches a layer, and no layer of its own has '{name}'.")
            settle(name, done, moments.hessian(name))
            done += 1
        if sequential and number < last:
            entering.through(number, note, keep=True)
    return [name for name in names if not any(name in held for held in inside)]


def _row(model: nn.Module, blocks: Sequence[str]) -> bool:
    """Whether these are all blocks of one list, so that each takes what the one before gives."""
    row = model.get_submodule(blocks[0].rpartition(".")[0])
    return isinstance(row, nn.ModuleList) and list(row) == [model.get_submodule(name) for name in blocks]
