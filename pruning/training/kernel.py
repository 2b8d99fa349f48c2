"""Forward and backward of one network, or of several in one computation.

Dense networks (linear layers and ReLU) of one shape run together as batched matrix products: one network alone is the
same kernel with one replicate, and each replicate's numbers are bit for bit those it has alone. (A plain linear layer's
product depends on how many rows it has; a batched product computes each replicate by itself. Some libraries order a
small product's sums by where in memory it begins: shapes for which that happens are found by trying, and run alone.)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import torch
from torch import Tensor, nn


class Kernel(Protocol):
    """What the loop trains with; R networks, B images each."""

    def logits(self, images: Sequence[Tensor]) -> Tensor:
        """``(R, B, classes)`` from R tensors ``(B, C, H, W)``, with a graph to the weights."""
        ...

    def hand_out(self) -> None:
        """After ``backward``: every network's parameters have their gradients."""
        ...

    def release(self) -> None:
        """The networks no longer share memory."""
        ...


def kernel_of(models: Sequence[nn.Module]) -> Kernel:
    """The kernel for these networks: one that is not dense runs alone."""
    if all(is_dense(model) for model in models):
        return Together(models)
    (model,) = models
    return Alone(model)


def fit_together(models: Sequence[nn.Module], batch: int) -> bool:
    """Whether the networks can be trained as one computation with each one's numbers as they are alone."""
    if not all(is_dense(model) for model in models) or len({_shapes(model) for model in models}) > 1:
        return False
    layers = [layer for layer in models[0].modules() if isinstance(layer, nn.Linear)]
    return all(
        _exact(len(models), batch, layer.in_features, layer.out_features, str(layer.weight.device)) for layer in layers
    )


def _shapes(model: nn.Module) -> tuple[torch.Size, ...]:
    return tuple(parameter.shape for parameter in model.parameters())


@lru_cache(maxsize=256)
def _exact(count: int, batch: int, n_in: int, n_out: int, device: str) -> bool:
    """Whether a layer's three products give the same bits for each replicate as for that one alone."""
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(device)

    x, weight = drawn(count, batch, n_in), drawn(count, n_out, n_in)
    bias, grad = drawn(count, n_out), drawn(count, batch, n_out)
    whole = _products(x, weight, bias, grad)
    return all(
        torch.equal(many[number], one[0])
        for number in range(count)
        for many, one in zip(
            whole, _products(*(part[number : number + 1].clone() for part in (x, weight, bias, grad))), strict=True
        )
    )


def _products(x: Tensor, weight: Tensor, bias: Tensor, grad: Tensor) -> tuple[Any, ...]:
    return (torch.baddbmm(bias.unsqueeze(1), x, weight.mT), *_gradients(x, weight, grad))


def is_dense(model: nn.Module) -> bool:
    """Whether a network is a plain chain of linear layers with ReLU between them, which can be trained together."""
    return isinstance(model, nn.Sequential) and all(
        isinstance(layer, nn.Flatten | nn.ReLU) or (isinstance(layer, nn.Linear) and layer.bias is not None)
        for layer in model
    )


class Alone:
    """One network of any kind, as it is."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def logits(self, images: Sequence[Tensor]) -> Tensor:
        (own,) = images
        return self.model(own).unsqueeze(0)

    def hand_out(self) -> None:
        """``backward`` has done it."""

    def release(self) -> None:
        """Nothing is shared."""


class Together:
    """Dense networks of one shape; their parameters become views of one stacked tensor each, until ``release``."""

    def __init__(self, models: Sequence[nn.Module]) -> None:
        self.layers = list(models[0].children())
        self.owned = [list(parameters) for parameters in zip(*(model.parameters() for model in models), strict=True)]
        self.stacks: list[Tensor] = []
        for parameters in self.owned:
            stack = torch.stack([parameter.data for parameter in parameters])
            for parameter, part in zip(parameters, stack, strict=True):
                parameter.data = part
            self.stacks.append(stack.requires_grad_(True))

    def logits(self, images: Sequence[Tensor]) -> Tensor:
        for stack in self.stacks:
            stack.grad = None
        values, stacks = torch.stack(list(images)), iter(self.stacks)
        for layer in self.layers:
            if isinstance(layer, nn.Flatten):
                values = values.flatten(2)
            elif isinstance(layer, nn.ReLU):
                values = values.relu()
            else:
                values = _Linear.apply(values, next(stacks), next(stacks))
        return values

    def hand_out(self) -> None:
        for parameters, stack in zip(self.owned, self.stacks, strict=True):
            if stack.grad is None:
                continue
            for parameter, part in zip(parameters, stack.grad, strict=True):
                # A penalty on the weights has left its own gradient at the parameter.
                parameter.grad = part if parameter.grad is None else parameter.grad.add_(part)

    def release(self) -> None:
        for parameters in self.owned:
            for parameter in parameters:
                parameter.data = parameter.data.clone()
                parameter.grad = None


class _Linear(torch.autograd.Function):
    """``x (R, B, in)``, ``weight (R, out, in)``, ``bias (R, out)`` -> ``(R, B, out)``.

    With its own backward, because autograd's gives the weight's gradient transposed, which the optimiser would copy.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return torch.baddbmm(bias.unsqueeze(1), x, weight.mT)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        grad = grads[0].contiguous()
        return _gradients(x, weight, grad, ctx.needs_input_grad[0])


def _gradients(x: Tensor, weight: Tensor, grad: Tensor, inner: bool = True) -> tuple[Tensor | None, Tensor, Tensor]:
    """Gradients at the input (where asked for), the weight and the bias."""
    return torch.bmm(grad, weight) if inner else None, torch.bmm(grad.mT, x), grad.sum(1)
