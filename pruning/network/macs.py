"""Multiply-accumulates per image, counted by torch's own flop counter. (No measure of its own: a part of size.)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from pruning.network.inputs import drawn, vocabulary
from pruning.network.weights import prunable
from pruning.zoo.kinds import models


def macs_per_weight(model: nn.Module, name: str, weights: tuple[str, ...]) -> dict[str, float]:
    """MACs of one image per entry of each of these weights, for a network of the registered model ``name``."""
    found, _ = macs(model, models[name].input_shape)
    sizes = {key: weight.numel() for key, weight in prunable(model).items()}
    return {key: found[key] / sizes[key] for key in weights}


def macs(model: nn.Module, shape: tuple[int, ...]) -> tuple[dict[str, float], float]:
    """MACs of one image: per prunable weight, and of the whole network (with products that hold no weight).

    Counted on the meta device, where attention takes its written-out path: fused kernels are not counted on a CPU.
    (Networks of words look at what they are given, so that two examples really pass through them.)
    A product belongs to the weight it reads, whichever module calls it: attention reads weights of modules that are
    never called, and a tied weight is read twice. Two images are passed and the count halved, since some networks
    treat a batch of one apart.

    Args:
        shape: one image's, ``(channels, height, width)``.
    """
    weights = prunable(model)
    known = {id(weight): name for name, weight in weights.items()}
    per_layer, owners, tensors = dict.fromkeys(weights, 0.0), {}, {}
    device = next(model.parameters()).device if vocabulary(model) else torch.device("meta")
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        tensors[name] = tensor.detach().to(device)
        if id(tensor) in known:
            owners[_storage(tensors[name])] = known[id(tensor)]
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter, _PerWeight(counter, owners, per_layer):
        dtype = next((weight.dtype for weight in weights.values()), torch.float32)
        functional_call(model, tensors, (drawn(model, shape, 2, device=device, dtype=dtype),))
    return {name: flops / 4 for name, flops in per_layer.items()}, counter.get_total_flops() / 4


def _storage(tensor: Tensor) -> int:
    """What a tensor and all views of it have in common."""
    return tensor.untyped_storage()._cdata


class _PerWeight(TorchDispatchMode):
    """Adds what the counter counts of each operation to the weight among its arguments."""

    def __init__(self, counter: FlopCounterMode, owners: dict[int, str], flops: dict[str, float]) -> None:
        super().__init__()
        self.counter, self.owners, self.flops = counter, owners, flops

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        before = self.counter.get_total_flops()
        out = func(*args, **(kwargs or {}))
        added = self.counter.get_total_flops() - before
        if added:
            read = [self.owners.get(_storage(arg)) for arg in args if isinstance(arg, Tensor)]
            for name in [name for name in read if name is not None][:1]:
                self.flops[name] += added
        return out
