"""Whole blocks that can be left out: residual blocks, transformer blocks; found by what they do, not by their names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from pruning.network.groups.trial import Trial, remembered
from pruning.network.units import Group, Layout, Member
from pruning.network.weights import prunable

NAME = "blocks"
"""Name of the one group."""

NONE = "the network has no block that passes its input on when its weights are zero"
OUTSIDE = "it lies in no block that passes its input on when its weights are zero"
PROJECTED = "its block '{}' does not pass its input on: it changes the shape or has a projection shortcut"


def block_layout(model: nn.Module, order: tuple[str, ...], input_shape: tuple[int, ...]) -> Layout:
    """One group, "blocks", one unit per removable block in the order of their calls.

    All parameters of a block belong to its unit, norms included; prunable weights are scored.

    Args:
        order: names of the prunable weights in forward order.
        input_shape: of one image, ``(channels, height, width)``.
    """
    return remembered("layer_block", model, order, input_shape, lambda: _layout(model, order, input_shape))


def _layout(model: nn.Module, order: tuple[str, ...], input_shape: tuple[int, ...]) -> Layout:
    blocks = removable_blocks(model, input_shape)
    if not blocks:
        return Layout({}, dict.fromkeys(order, NONE))
    members = []
    for number, block in enumerate(blocks):
        for key, parameter in model.get_submodule(block).named_parameters(prefix=block):
            unit = torch.full((1,) * parameter.ndim, number, dtype=torch.int64)
            members.append(Member(key, unit, key in order))
    held = {member.parameter for member in members}
    leads = next(name for name in order if name in held)
    kinds = {type(model.get_submodule(block)) for block in blocks}
    skipped = {name: _reason(model, name, kinds) for name in order if name not in held}
    return Layout({NAME: Group((len(blocks),), tuple(members), leads)}, skipped)


def removable_blocks(model: nn.Module, input_shape: tuple[int, ...]) -> list[str]:
    """Names of the blocks that can be left out, in the order of their calls: the units of ``block_layout``.

    A block holds at least two prunable weights, is called once, with a tensor first, and returns one of the same shape;
    with all its parameters zero it returns its input exactly, as it stands in the network (a ReLU at its end passes
    what the ReLU before it let through). Of nested ones the innermost.
    """
    trial = Trial.of(model, input_shape)
    calls = trial.calls(lambda module: len(prunable(module)) > 1)
    passing: set[str] = set()
    for name in sorted(calls, key=lambda name: -name.count(".")):  # from the inside: what holds a block is none
        (args, kwargs), *more = calls[name]
        if more or not args or any(inner.startswith(f"{name}.") for inner in passing):
            continue
        if isinstance(args[0], Tensor) and _passes(trial.model.get_submodule(name), args, kwargs):
            passing.add(name)
    return [name for name in calls if name in passing]


def _passes(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a module without weights returns its input, bit for bit."""
    zeros, given = {name: torch.zeros_like(p) for name, p in module.named_parameters()}, args[0]
    try:
        with torch.no_grad():
            found = functional_call(module, zeros, (given.clone(), *args[1:]), kwargs)
    except (ArithmeticError, RuntimeError, TypeError, ValueError):  # what a block that is no such block makes of zeros
        return False
    return isinstance(found, Tensor) and found.shape == given.shape and bool((found == given).all())


def _reason(model: nn.Module, weight: str, kinds: set[type[nn.Module]]) -> str:
    """Why a weight is in no unit: its block is of a removable kind but not removable, or it is in none."""
    parts = weight.split(".")
    for end in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:end])
        if type(model.get_submodule(name)) in kinds:
            return PROJECTED.format(name)
    return OUTSIDE
