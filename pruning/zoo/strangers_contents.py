"""What lies in a checkpoint that was opened: tensors and simple values, with the keys that lead to them."""

from __future__ import annotations

import math
import re
from typing import Any

import torch
from torch import Tensor

from pruning.common.errors import Refused
from pruning.common.limits import (
    STRANGER_DEPTH,
    STRANGER_LEAVES,
    STRANGER_NAME,
    STRANGER_TENSORS,
    STRANGER_WORDS,
)
from pruning.zoo.strangers import printable
from pruning.zoo.unreadable import SAVE

NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
    torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2",
}  # fmt: skip
"""Number formats that are read, as safetensors calls them."""
OPTIMIZERS = ("optim", "opt_state", "scheduler", "lr_sched", "scaler", "rng", "amp")
"""Beginnings of names under which a training keeps what is no network."""


class Other(dict):
    """An object of a class that is not loaded: it takes what it is given, and does nothing."""

    kind = ""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __setstate__(self, state: Any) -> None:
        """What the object knew, by name."""
        if isinstance(state, dict):
            self.update(state)

    __hash__ = object.__hash__

    def is_network(self) -> bool:
        """Whether it was a module of torch, by what it kept."""
        return "_parameters" in self or "_modules" in self


class Harvest:
    """Tensors and simple values of a checkpoint, with the keys that lead to them."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.tensors: list[dict[str, Any]] = []
        self.clean: dict[str, Tensor] = {}
        self.values: list[tuple[list[str | int], Any]] = []
        self.others: list[tuple[list[str | int], str]] = []
        self.met: list[Other] = []
        self._keys: dict[tuple[Any, ...], str] = {}
        self._containers = 0

    def walk(self, value: Any, place: tuple[str | int, ...]) -> None:
        """Take in what lies here and below."""
        if isinstance(value, Tensor):
            self._tensor(value, place)
        elif isinstance(value, Other):
            self.met.append(value)
            self._other(place, value.kind)
        elif place and str(place[-1]).lower().startswith(OPTIMIZERS) and isinstance(value, dict | list | tuple):
            self._other(place, "what a training needs to go on")
        elif isinstance(value, list | tuple) and all(_simple(item) for item in value):
            self._value(place, [text_of(item) for item in value[:STRANGER_WORDS]])
        elif isinstance(value, dict | list | tuple):
            self._containers += 1
            if len(place) >= STRANGER_DEPTH or self._containers > STRANGER_TENSORS:
                raise Refused(f"{self.what} has containers within containers without end: {SAVE}.")
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, inner in items:
                self.walk(inner, (*place, key if type(key) is int else _key(key, self.what)))
        elif _simple(value):
            self._value(place, text_of(value))
        else:
            self._other(place, type(value).__name__)

    def _tensor(self, tensor: Tensor, place: tuple[str | int, ...]) -> None:
        name = printable(place[-1])
        plain = (
            type(tensor) in (Tensor, torch.nn.Parameter) and tensor.layout == torch.strided and not tensor.is_quantized
        )
        if not plain or tensor.dtype not in NAMES or tensor.device.type != "cpu":
            self._other(place, f"a tensor of {tensor.dtype}, {tensor.layout}, {tensor.device.type}"[:80])
            return
        tensor = tensor.detach()
        held = tensor.untyped_storage().nbytes()
        if tensor.numel() * tensor.element_size() > held:
            raise Refused(
                f"{self.what} says that '{name}' has {tensor.numel():,} numbers, and holds {held:,} bytes of them: "
                "save it with .contiguous()."
            )
        if len(self.tensors) >= STRANGER_TENSORS:
            raise Refused(f"{self.what} has more than {STRANGER_TENSORS:,} tensors: save the network alone.")
        where = (
            tensor.data_ptr() if tensor.numel() else id(tensor),
            tuple(tensor.shape),
            tensor.stride(),
            tensor.dtype,
        )
        key = self._keys.setdefault(where, str(len(self._keys)))
        self.clean[key] = tensor
        nan, infinite = _not_finite(tensor)
        said = {"place": place, "key": key, "shape": list(tensor.shape), "dtype": NAMES[tensor.dtype]}
        self.tensors.append(said | {"nan": nan, "infinite": infinite})

    def _value(self, place: tuple[str | int, ...], value: Any) -> None:
        if len(self.values) < STRANGER_LEAVES:
            self.values.append((list(place), value))

    def _other(self, place: tuple[str | int, ...], kind: str) -> None:
        if len(self.others) < STRANGER_LEAVES:
            self.others.append((list(place), printable(kind)))


def _key(key: Any, what: str) -> str:
    """A name as it is, if it can be shown and means no other place."""
    name = key if isinstance(key, str) else str(key)[: STRANGER_NAME + 1]
    if not name.isprintable() or len(name) > STRANGER_NAME or ".." in re.split(r"[/\\]", name):
        raise Refused(
            f"{what} has a name that is none ({printable(ascii(name))}): letters that cannot be seen, '..' or too long."
        )
    return name


def _simple(value: Any) -> bool:
    return value is None or type(value) in (bool, int, float, str)


def text_of(value: Any) -> Any:
    """A simple value as JSON may hold it."""
    if type(value) is str:
        return printable(value)
    if type(value) is int and abs(value) >= 2**63 or type(value) is float and not math.isfinite(value):
        return printable(value)
    return value


def _not_finite(tensor: Tensor) -> tuple[int, int]:
    """How many NaN and how many infinities."""
    if not tensor.is_floating_point():
        return 0, 0
    numbers = tensor.float() if tensor.element_size() < 4 else tensor
    return int(numbers.isnan().sum()), int(numbers.isinf().sum())
