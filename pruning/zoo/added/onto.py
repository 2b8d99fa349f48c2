"""A checkpoint laid onto an architecture: which tensors fit, and which are missing, left over or of another shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import nn

from pruning.common.errors import BadTensor
from pruning.zoo.added.plain_tensors import Plain

Build = Callable[[int, int], nn.Module]
"""An architecture with so many outputs, for pictures of so many channels."""
SHOWN = 5
COUNTERS = "num_batches_tracked"
"""A number that BatchNorm counts and evaluation never reads; older checkpoints have none."""
MEASURED = ("total_ops", "total_params")
"""What counters of operations (thop) leave in each layer."""


@dataclass(frozen=True)
class Match:
    """What of a checkpoint is used, in numbers and names.

    Attributes:
        matched: tensors that fit.
        wanted: tensors that the architecture has.
        missing: names of the architecture that the file lacks.
        left_over: names of the file that the architecture has no place for.
        other_shape: name, shape in the file, shape in the architecture.
        classes: outputs, as the file's shapes say.
        channels: of the pictures, as the file's shapes say.
        prefix: what was taken off all names.
        notes: what was done, in sentences.
        container: keys under which the network lay in the file, the outermost first.
    """

    matched: int
    wanted: int
    missing: tuple[str, ...] = ()
    left_over: tuple[str, ...] = ()
    other_shape: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = ()
    classes: int = 0
    channels: int = 3
    prefix: str = ""
    notes: tuple[str, ...] = ()
    container: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every tensor of the network comes from the file."""
        return not (self.missing or self.other_shape)

    def said(self) -> dict[str, Any]:
        """As JSON has it; with its sentences, for who has no torch."""
        return asdict(self) | {"sentences": self.sentences()}

    def sentences(self) -> list[str]:
        """What fits and what does not, by name."""
        found = [f"{self.matched} of the network's {self.wanted} tensors are in the file."]
        if self.missing:
            found.append(f"{len(self.missing)} are missing: {listed(self.missing)}.")
        if self.other_shape:
            shapes = [f"{name} ({_shape(here)}, not {_shape(there)})" for name, here, there in self.other_shape]
            found.append(f"{len(shapes)} have another shape: {listed(shapes)}.")
        if self.left_over:
            found.append(f"{len(self.left_over)} tensors of the file have no place in it: {listed(self.left_over)}.")
        return [*found, *self.notes]


def listed(names: Iterable[str]) -> str:
    """Some names, and how many more."""
    every = list(names)
    return ", ".join(every[:SHOWN]) + (f" and {len(every) - SHOWN} more" if len(every) > SHOWN else "")


def onto(plain: Plain, build: Build, classes: int, channels: int = 3) -> tuple[Plain, Match]:
    """The checkpoint's tensors under the architecture's names, and how they fit. Nothing is filled in.

    Prefixes such as ``module.`` go where more names fit without them. Another number of classes or of channels is read
    off the shapes; a head that is a ``Sequential`` around one linear layer is taken as that layer.

    Args:
        build: builds the architecture.
        classes, channels: with which it is built where the file says nothing else.
    """
    shapes = shapes_of(build, classes, channels)
    prefix = _prefix(plain.tensors, shapes)
    state = {name.removeprefix(prefix): t for name, t in plain.tensors.items() if name.startswith(prefix)}
    masks = {name.removeprefix(prefix): mask for name, mask in plain.masks.items()}
    apart = [name for name in plain.tensors if not name.startswith(prefix)]
    notes = [*plain.notes, *([f"'{prefix}' was taken off its names."] if prefix else [])]
    for head in _wrapped_heads(state, shapes):
        inner, outer = head
        for ending in (".weight", ".bias"):
            for held in (state, masks):
                if inner + ending in held:
                    held[outer + ending] = held.pop(inner + ending)
        notes.append(f"Its head '{outer}' was a Sequential with one layer with weights, {inner}, which is taken as it.")
    differ = [(tuple(state[name].shape), shape) for name, shape in shapes.items() if name in state]
    outputs = {a[0] for a, b in differ if a != b and a[1:] == b[1:] and b[0] == classes}
    inputs = {a[1] for a, b in differ if a != b and len(a) == len(b) == 4 and b[1] == channels and a[2:] == b[2:]}
    if len(outputs) == 1 and outputs != {classes}:
        classes = outputs.pop()
        notes.append(f"Its head has {classes} outputs.")
    if len(inputs) == 1:
        channels = inputs.pop()
        notes.append(f"It takes pictures of {channels} {'channel' if channels == 1 else 'channels'}.")
    shapes = shapes_of(build, classes, channels)
    counted = {name for name in shapes if name.endswith(COUNTERS) and name not in state}
    state |= {name: torch.zeros((), dtype=torch.int64) for name in counted}
    fits = {name: state[name] for name, shape in shapes.items() if name in state and tuple(state[name].shape) == shape}
    other = [(n, tuple(state[n].shape), shape) for n, shape in shapes.items() if n in state and n not in fits]
    unused = [name for name in [*state, *apart] if name not in shapes and not name.endswith((*MEASURED, COUNTERS))]
    match = Match(
        len(fits.keys() - counted),
        len(shapes.keys() - counted),
        tuple(name for name in shapes if name not in state),
        tuple(unused),
        tuple(other),
        classes,
        channels,
        prefix,
        tuple(notes),
    )
    return Plain(fits, {name: mask for name, mask in masks.items() if name in fits}, notes), match


def check(match: Match, where: str, architecture: str, rest: bool = False) -> Match:
    """Refuse what would leave the network half filled, or part of the file unused without anybody having said so.

    Args:
        rest: whether tensors without a place may be left out.

    Raises:
        BadTensor: in one sentence that names some of them.
    """
    told = " ".join(match.sentences()[: 4 - (not match.left_over)])
    if match.wanted and match.matched < match.wanted / 2:
        raise BadTensor(f"{where} is not from {architecture}: {told} Choose the architecture that it was trained with.")
    if not match.whole:
        raise BadTensor(f"{where} does not fill {architecture}: {told}")
    if match.left_over and not rest:
        raise BadTensor(
            f"{where} holds more than {architecture} takes: {told} Say that they may be left out (--leave-out), or "
            "choose another architecture."
        )
    if match.left_over:
        return replace(match, notes=(*match.notes, f"{len(match.left_over)} tensors were left out, as you said."))
    return match


def shapes_of(build: Build, classes: int, channels: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of an architecture's state dict, without its numbers where it can be built so."""
    try:
        with torch.device("meta"):
            network = build(classes, channels)
    except (RuntimeError, NotImplementedError, TypeError):  # it looks at its own numbers while it is made
        network = build(classes, channels)
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def _prefix(state: Iterable[str], shapes: Iterable[str]) -> str:
    """What stands before the names of the network: of all beginnings the one with which most names fit."""
    names, wanted = list(state), set(shapes)
    parts = {"".join(f"{part}." for part in name.split(".")[:depth]) for name in names for depth in range(4)}
    fits = {one: sum(name.removeprefix(one) in wanted for name in names if name.startswith(one)) for one in parts}
    return max(sorted(parts, key=len), key=lambda one: fits[one], default="")


def _wrapped_heads(state: Iterable[str], shapes: Iterable[str]) -> list[tuple[str, str]]:
    """Layers that the file has as the only one of a ``Sequential``: its name there, and the architecture's."""
    names, wanted = set(state), set(shapes)
    found: list[tuple[str, str]] = []
    for outer in {name.removesuffix(".weight") for name in wanted - names if name.endswith(".weight")}:
        inner = {met[1] for name in names if (met := re.match(rf"({re.escape(outer)}\.\d+)\.", name))}
        if len(inner) == 1 and not any(name.startswith(f"{outer}.") and name in wanted for name in names):
            found.append((inner.pop(), outer))
    return found


def _shape(sizes: tuple[int, ...]) -> str:
    return "x".join(map(str, sizes)) or "one number"
