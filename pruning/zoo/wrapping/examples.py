"""Examples in memory: their inputs as one tensor, their labels, and an order that their own bytes decide."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pruning.common.errors import Incompatible
from pruning.zoo.wrapping.identity import bytes_of

EXACT = 2**24
"""Whole numbers up to here are exact in float32."""


@dataclass(frozen=True)
class Given:
    """One input of a network: its name where it is given by name, the shape of one example, its number format."""

    name: str | None
    shape: tuple[int, ...]
    dtype: torch.dtype


@dataclass(frozen=True)
class Examples:
    """Examples in the order of their hashes.

    Attributes:
        inputs: ``(n, …)``; several inputs of a network side by side, ``(n, numbers)``.
        labels: ``(n, …)``, int64 or float32.
        hashes: ``(n,)`` uint64, ascending.
        given: what the network's inputs are made of.
        classes: their names, where the data says them.
        whole: False where there was more than fits the bound.
    """

    inputs: Tensor
    labels: Tensor
    hashes: np.ndarray
    given: tuple[Given, ...]
    classes: tuple[str, ...]
    whole: bool

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, low: int, high: int) -> Examples:
        """Those whose hash lies between two per cents of all hashes."""
        first, last = (int(np.searchsorted(self.hashes // np.uint64(2**64 // 100), at)) for at in (low, high))
        mine = slice(first, last)
        return Examples(self.inputs[mine], self.labels[mine], self.hashes[mine], self.given, self.classes, self.whole)

    @property
    def key(self) -> str:
        return hashlib.sha256(self.hashes.tobytes()).hexdigest()[:16]


def packed(inputs: list[Tensor], given: tuple[Given, ...]) -> Tensor:
    """One tensor of all inputs; several lie side by side, and ``Unpacked`` takes them apart again."""
    if len(inputs) == 1:
        (only,) = inputs
        return only.float() if only.is_floating_point() else only
    floats = any(t.is_floating_point() for t in inputs)
    for one, tensor in zip(given, inputs, strict=True):
        if floats and not tensor.is_floating_point() and tensor.numel() and int(tensor.abs().max()) > EXACT:
            raise Incompatible(f"Input '{one.name}' holds whole numbers above {EXACT:,} beside fractions.")
    return torch.cat([t.flatten(1).to(torch.float32 if floats else torch.int64) for t in inputs], 1)


def ordered(
    inputs: Tensor, labels: Tensor, given: tuple[Given, ...], classes: tuple[str, ...], whole: bool
) -> Examples:
    """In the order of the hashes of inputs and labels."""
    rows, marks = bytes_of(inputs), bytes_of(labels)
    n = len(labels)
    wide, narrow = len(rows) // n, len(marks) // n
    hashes = np.empty(n, np.uint64)
    for i in range(n):
        one = hashlib.blake2b(rows[i * wide : (i + 1) * wide], digest_size=8)
        one.update(marks[i * narrow : (i + 1) * narrow])
        hashes[i] = int.from_bytes(one.digest(), "little")
    order = np.argsort(hashes, kind="stable")
    at = torch.from_numpy(order)
    return Examples(inputs[at], labels[at], hashes[order], given, classes, whole)


class Unpacked:
    """A hook before the forward pass: the one tensor of examples becomes what the network takes."""

    def __init__(self, given: tuple[Given, ...]) -> None:
        self.given = given

    def __call__(self, module: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Left as they are: inputs that are not one tensor alone."""
        if named or len(args) != 1 or not isinstance(args[0], Tensor):
            return None
        packed, places, by_name, start = args[0], [], {}, 0
        for one in self.given:
            part = packed
            if len(self.given) > 1:
                width = int(np.prod(one.shape, dtype=int))
                part = packed[:, start : start + width].reshape(-1, *one.shape)
                start += width
            part = part if one.dtype.is_floating_point else part.to(one.dtype)
            if one.name is None:
                places.append(part)
            else:
                by_name[one.name] = part
        return tuple(places), by_name
