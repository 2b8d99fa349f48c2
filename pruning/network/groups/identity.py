"""What tells two networks apart before anything is traced: classes, settings of any kind, tensors that are shared."""

from __future__ import annotations

import enum
import hashlib
import itertools
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

_numbers: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
_next = itertools.count()
_PLAIN = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device, enum.Enum, range, slice)
_STATE = ("training", "_parameters", "_buffers", "_modules", "_non_persistent_buffers_set")
"""What a module says of itself that is no setting; parameters, buffers and modules are told by their names."""
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""Buffers whose numbers change no group, as those of parameters do not."""


def architecture(model: nn.Module) -> list[Any]:
    """All of a network but the numbers of its parameters and the statistics of its norms, as plain data.

    Two networks of one description have the same groups. What cannot be told by its content (a function, an object
    without attributes) is told by being the same thing, so that a network may be traced twice, but never answers for
    another one. Classes, too: two of one name may differ in what their methods have closed over.
    """
    names = {id(module): name for name, module in model.named_modules(remove_duplicate=False)}
    first: dict[int, str] = {}
    tensors = []
    for name, tensor in model.state_dict(keep_vars=True).items():
        shared = first.setdefault(id(tensor), name)
        tensors.append((name, list(tensor.shape), shared if shared != name else ""))
    buffers = [
        (name, _tensor(buffer)) for name, buffer in model.named_buffers() if name.rpartition(".")[2] not in _STATISTICS
    ]
    modules = [
        (name, _number(type(module)), _told({k: v for k, v in vars(module).items() if k not in _STATE}, names, set()))
        for name, module in model.named_modules(remove_duplicate=False)
    ]
    return [tensors, buffers, modules]


def _told(value: Any, names: Mapping[int, str], met: set[int]) -> Any:
    """A value as plain data that is equal only for equal values."""
    kind = type(value).__qualname__
    if isinstance(value, _PLAIN):
        return [kind, repr(value)]
    if isinstance(value, nn.Module) and id(value) in names:
        return ["module", names[id(value)]]
    if id(value) in met:
        return ["again", kind]
    met = met | {id(value)}
    if isinstance(value, Tensor):
        return [kind, _tensor(value)]
    if isinstance(value, Mapping):  # in its order, which a forward pass may follow
        return [kind, [[_told(k, names, met), _told(v, names, met)] for k, v in value.items()]]
    if isinstance(value, list | tuple):
        return [kind, [_told(item, names, met) for item in value]]
    if isinstance(value, set | frozenset):
        return [kind, sorted(repr(_told(item, names, met)) for item in value)]
    if isinstance(value, nn.Module):
        return ["module", _number(type(value)), architecture(value)]
    if not isinstance(value, type) and not callable(value) and hasattr(value, "__dict__"):
        return [_number(type(value)), _told(vars(value), names, met)]
    if hasattr(value, "__func__"):  # a method of this network, say, put in place of another
        return [_number(value.__func__), _told(value.__self__, names, met)]
    return ["thing", _number(value)]


def _tensor(tensor: Tensor) -> list[Any]:
    content = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    return [str(tensor.dtype), list(tensor.shape), hashlib.sha256(content).hexdigest()[:16]]


def _number(thing: Any) -> int:
    """The same for the same thing as long as it lives, another for any other; new each time for what cannot be held."""
    try:
        return _numbers.setdefault(thing, next(_next))
    except TypeError:
        return next(_next)
