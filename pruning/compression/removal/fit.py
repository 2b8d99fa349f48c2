"""Cutting: parameters are sliced, and every module's sizes are set to the new ones."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pruning.compression.removal.attention import standing_in
from pruning.compression.removal.cuts import Cuts
from pruning.network.groups.coupling import CONVOLUTIONS, STATISTICS
from pruning.network.groups.heads import COUNTS


class Passing(nn.Identity):
    """In the place of a block that was left out: what enters it first passes on."""

    def forward(self, input: Tensor, *others: Any, **named: Any) -> Tensor:
        return input


def cut(model: nn.Module, what: Cuts) -> nn.Module:
    """A smaller copy of a network; the network itself stays as it is.

    Raises:
        IndexError, RuntimeError: the cuts do not fit this network.
    """
    small = copy.deepcopy(model)
    sliced: dict[str, Tensor] = {}
    for name, parameter in small.named_parameters():
        if name in what.kept:
            sliced[name] = _sliced(parameter.detach(), what.kept[name])
    for name, along in what.kept.items():
        owner, _, last = name.rpartition(".")
        module = small.get_submodule(owner)
        if last in STATISTICS:
            sliced[name] = _sliced(getattr(module, last), along)
        if last == "weight" and isinstance(module, nn.modules.batchnorm._NormBase):
            for statistic in STATISTICS:
                if getattr(module, statistic) is not None:
                    sliced[f"{owner}.{statistic}"] = _sliced(getattr(module, statistic), along)
    fit(small, sliced, what.heads, what.blocks)
    return small


def _sliced(tensor: Tensor, along: Mapping[int, list[int]]) -> Tensor:
    """The kept entries, in the memory format that the tensor had."""
    last = tensor.ndim == 4 and not tensor.is_contiguous() and tensor.is_contiguous(memory_format=torch.channels_last)
    for dim, indices in along.items():
        tensor = tensor.index_select(dim, torch.tensor(indices, device=tensor.device))
    return tensor.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)


def fit(
    model: nn.Module, tensors: Mapping[str, Tensor], heads: Mapping[str, int], blocks: tuple[str, ...] = ()
) -> None:
    """Put tensors of other sizes into a network, in place, and set the sizes that its modules keep.

    Args:
        tensors: by the name of a parameter or buffer; a tied parameter under its first name, for all its places.
        heads: number of heads of attention modules that have fewer than they were made with; where such a module ties
            a head's width to the stream's, another stands in for it.
        blocks: modules that pass their input on.
    """
    shared: dict[int, nn.Parameter] = {}
    for name, parameter in model.named_parameters():
        if name in tensors:
            shared[id(parameter)] = nn.Parameter(tensors[name], requires_grad=parameter.requires_grad)
    for prefix, module in list(model.named_modules()):
        for name, parameter in module._parameters.items():
            if parameter is not None and id(parameter) in shared:
                module._parameters[name] = shared[id(parameter)]
        for name in module._buffers:
            module._buffers[name] = tensors.get(f"{prefix}.{name}" if prefix else name, module._buffers[name])
        _resize(module)
    for name, count in heads.items():
        module = model.get_submodule(name)
        for attribute in COUNTS:
            if isinstance(getattr(module, attribute, None), int):
                setattr(module, attribute, count)
        layer: Any = module
        if isinstance(getattr(layer, "split_size", None), int):  # GPT-2's width of all heads
            layer.split_size = next(m for m in module.children() if isinstance(m, nn.Linear)).out_features // 3
        if (other := standing_in(module, count)) is not None:
            _put(model, name, other)
    for name in blocks:
        model.get_submodule(name)  # raises where it is not there: add_module would add it
        _put(model, name, Passing())


def _put(model: nn.Module, name: str, module: nn.Module) -> None:
    """Another module in the place of that name."""
    owner, _, last = name.rpartition(".")
    model.get_submodule(owner).add_module(last, module)


def _resize(module: Any) -> None:
    """The sizes that a module keeps beside its parameters."""
    if isinstance(module, CONVOLUTIONS):
        first, second = module.weight.shape[:2]
        if module.groups > 1 and module.groups == module.in_channels == module.out_channels:
            module.groups = first  # depthwise: a channel takes its group with it
        second *= module.groups
        module.out_channels, module.in_channels = (second, first) if module.transposed else (first, second)
    elif isinstance(module, nn.Linear):
        module.out_features, module.in_features = module.weight.shape
    elif isinstance(module, nn.modules.batchnorm._NormBase):
        held = module.weight if module.weight is not None else module.running_mean
        module.num_features = len(held) if held is not None else module.num_features
    elif isinstance(module, nn.PReLU):
        module.num_parameters = len(module.weight)
