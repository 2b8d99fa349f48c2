"""Passes through a network that leave no trace on it: forward order, gradients, activations."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from pruning.common.errors import Incompatible, PruningError, reason
from pruning.network.inputs import drawn
from pruning.network.weights import prunable
from pruning.tasks.outputs import first_tensor, tensor_of


@contextmanager
def mode(model: nn.Module, training: bool) -> Generator[None]:
    """The network in train or eval mode; every module's own flag is restored afterwards."""
    flags = {module: module.training for module in model.modules()}
    model.train(training)
    try:
        yield
    finally:
        for module, flag in flags.items():
            module.training = flag


def like(model: nn.Module, images: Tensor) -> Tensor:
    """Examples on the network's device; numbers in its number format, and ids of tokens as they are."""
    first = next(model.parameters())
    return images.to(first.device, first.dtype) if images.is_floating_point() else images.to(first.device)


def forward_order(model: nn.Module, input_shape: tuple[int, ...]) -> tuple[str, ...]:
    """Names of the prunable weights in the order in which one image meets them.

    A weight whose module is not called by itself (inside fused attention) stays behind its registered neighbour. The
    first pass of a fresh network: one that returns a tuple or a table gives its first tensor from now on.

    Raises:
        Incompatible: it does not take such examples, or gives no tensor.
    """
    names = list(prunable(model))
    owner = {name: model.get_submodule(name.rpartition(".")[0]) for name in names}
    called: dict[nn.Module, int] = {}

    def note(module: nn.Module, _: object) -> None:
        called.setdefault(module, len(called))

    hooks = [module.register_forward_pre_hook(note) for module in dict.fromkeys(owner.values())]
    try:
        with mode(model, False), torch.no_grad():
            output = model(like(model, drawn(model, input_shape, 2)))
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        NotImplementedError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        if isinstance(error, PruningError) or "memory" in str(error):
            raise
        shape = "x".join(map(str, input_shape))
        raise Incompatible(f"A first pass of two examples of {shape} numbers fails: {reason(error)}.") from None
    finally:
        for hook in hooks:
            hook.remove()
    if not isinstance(output, Tensor):
        tensor_of(output)
        model.register_forward_hook(first_tensor)
    place, last = {}, -1
    for name in names:
        last = called.get(owner[name], last)
        place[name] = last
    return tuple(sorted(names, key=lambda name: place[name]))


def _unmeasured(mean: Tensor | None, variance: Tensor | None) -> bool:
    """Whether running statistics are as a new layer has them."""
    return mean is not None and variance is not None and not mean.any() and bool((variance == 1).all())


def unmeasured_norms(model: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """BatchNorm layers whose running statistics were never measured: 0 and 1 say nothing about activations."""
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats]
    return [m for m in norms if _unmeasured(m.running_mean, m.running_var)]


@contextmanager
def measured_norms(model: nn.Module) -> Generator[None]:
    """BatchNorm layers in eval mode whose statistics were never measured take those of each batch, for a while."""
    fresh = unmeasured_norms(model)
    held = [(m.running_mean, m.running_var) for m in fresh]
    try:
        for norm in fresh:
            norm.running_mean = norm.running_var = None
        yield
    finally:
        for norm, (mean, var) in zip(fresh, held, strict=True):
            norm.running_mean, norm.running_var = mean, var


@contextmanager
def differentiable(model: nn.Module, weights: Sequence[nn.Parameter]) -> Generator[None]:
    """Eval mode, with these weights asking for gradients; modes and requires_grad flags are restored afterwards.

    BatchNorm layers without measured statistics use those of each batch (an initial network is scored so).
    """
    flags = [weight.requires_grad for weight in weights]
    try:
        for weight in weights:
            weight.requires_grad_(True)
        with mode(model, False), measured_norms(model), torch.enable_grad():
            yield
    finally:
        for weight, flag in zip(weights, flags, strict=True):
            weight.requires_grad_(flag)
