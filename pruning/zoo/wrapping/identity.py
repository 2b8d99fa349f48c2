"""What makes a network that somebody holds in memory another one: its tensors, its modules, and the code they run."""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from pruning.common.hashing import digest

PLAIN = (int, float, str, bool, types.NoneType)
"""Attributes of such types are settings of a module: a slope, a number of heads, the name of an activation."""


def bytes_of(tensor: Tensor) -> memoryview:
    """A tensor's numbers as they lie in memory, of any number format; copied only where they lie scattered."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return memoryview(flat.view(torch.uint8).numpy()) if flat.numel() else memoryview(b"")


def tensors_hash(state: dict[str, Tensor]) -> str:
    """SHA-256 over names, number formats, shapes and bytes of tensors, whatever their order."""
    found = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(bytes_of(tensor))
    return found.hexdigest()


def network_hash(model: nn.Module) -> str:
    """A key of what a network computes: its tensors, its modules with their settings, and the code of classes that are
    not torch's own, so that a class defined anew with another ``forward`` is another network of the same weights."""
    state = {name: tensor for name, tensor in model.state_dict().items() if isinstance(tensor, Tensor)}
    modules = [[name, type(m).__qualname__, m.extra_repr(), _settings(m)] for name, m in model.named_modules()]
    seen: set[int] = set()
    code = [part for m in model.modules() for part in _codes(type(m), seen)]
    code += [part for m in model.modules() for f in vars(m).values() for part in _codes(f, seen)]
    return digest(tensors_hash(state), modules, hashlib.sha256("\n".join(code).encode()).hexdigest())


def _settings(module: nn.Module) -> list[str]:
    """The plain attributes of a module, but for whether it is training."""
    return [
        f"{name}={value!r}"
        for name, value in sorted(vars(module).items())
        if not name.startswith("_") and name != "training" and _is_plain(value)
    ]


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(_is_plain(item) for item in value)
    return isinstance(value, PLAIN)


def _codes(thing: Any, seen: set[int]) -> Iterator[str]:
    """The code of a class or function, and of those of the same origin that it names; each once."""
    if id(thing) in seen or not isinstance(thing, type | types.FunctionType) or _of_torch(thing):
        return
    seen.add(id(thing))
    yield thing.__qualname__
    if isinstance(thing, type):
        for base in thing.__mro__:
            if not _of_torch(base):
                for name, one in sorted(vars(base).items()):
                    inner = getattr(one, "__func__", getattr(one, "fget", one))
                    yield from _codes(inner, seen) if isinstance(inner, types.FunctionType) else ()
                    if _is_plain(inner) and not name.startswith("__"):
                        yield f"{name}={inner!r}"
        return
    yield from _text(thing.__code__)
    yield repr([default for default in thing.__defaults__ or () if _is_plain(default)])
    for name in _names(thing.__code__):
        yield from _codes(thing.__globals__.get(name), seen)


def _of_torch(thing: Any) -> bool:
    """Whether something comes with torch or with Python itself, where the version does not change under a session."""
    origin = str(getattr(thing, "__module__", "")).partition(".")[0]
    return origin in ("torch", "builtins") or origin in sys.stdlib_module_names - {"__main__"}


def _text(code: types.CodeType) -> Iterator[str]:
    """What a function does, without where it stands: the same cell run twice gives the same text."""
    yield f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {code.co_freevars}"
    for constant in code.co_consts:
        yield from _text(constant) if isinstance(constant, types.CodeType) else (repr(constant),)


def _names(code: types.CodeType) -> list[str]:
    """Names that a function looks up, those within it too."""
    inner = [name for part in code.co_consts if isinstance(part, types.CodeType) for name in _names(part)]
    return [*code.co_names, *inner]
