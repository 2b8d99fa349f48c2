"""Forward and backward of one network, or of several in one computation.

Dense networks (linear layers and ReLU) of one shape run together as batched matrix products: one network alone is the
same kernel with one replicate, and each replicate's numbers are bit for bit those it has alone. (A plain linear layer's
product depends on how many rows it has; a batched product computes each replicate by itself. Some libraries order a
small product's sums by where in memory it begins: shapes for which that happens are found by trying, and run alone.)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor, nn

from pruning.training.chain import Chain


class Kernel(Protocol):
    """What the loop trains with; R networks, B images each."""

    def logits(self, images: Tensor) -> Tensor:
        """``(R, B, classes)`` from ``(R, B, C, H, W)``, without a graph: the way back is ``backward``."""
        ...

    def backward(self, grad: Tensor) -> None:
        """From the gradient at the logits, every parameter's, added to what it has: a penalty leaves some there."""
        ...

    def release(self) -> None:
        """The networks no longer share memory."""
        ...


def kernel_of(models: Sequence[nn.Module], half: bool = False) -> Kernel:
    """The kernel for these networks: one that is not dense runs alone, and so does one whose layers multiply in
    bfloat16."""
    if not half and all(is_dense(model) for model in models):
        return Together(models)
    (model,) = models
    return Alone(model, half)


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


def _products(x: Tensor, weight: Tensor, bias: Tensor, grad: Tensor) -> tuple[Tensor, ...]:
    """All that is computed of a layer: outputs, and the gradients at inputs, weights and biases."""
    return (_linear(x, weight, bias), torch.bmm(grad, weight),
            *_gradients(x, grad, torch.empty_like(weight), torch.empty_like(bias)))  # fmt: skip


def _linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """``x (R, B, in)``, ``weight (R, out, in)``, ``bias (R, out)`` -> ``(R, B, out)``."""
    return torch.baddbmm(bias.unsqueeze(1), x, weight.mT)


def _gradients(x: Tensor, grad: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients at a layer's weights and biases, written to ``weight`` and ``bias``."""
    return torch.bmm(grad.mT, x, out=weight), torch.sum(grad, 1, out=bias)


def is_dense(model: nn.Module) -> bool:
    """Whether a network is a plain chain of linear layers with ReLU between them, which can be trained together."""
    return isinstance(model, nn.Sequential) and all(
        isinstance(layer, nn.Flatten | nn.ReLU) or (isinstance(layer, nn.Linear) and layer.bias is not None)
        for layer in model
    )


class Alone:
    """One network of any kind, as it is; its layers multiply in bfloat16 if ``half``, where PyTorch holds that exact
    enough: norms, losses and sums are not among them."""

    def __init__(self, model: nn.Module, half: bool = False) -> None:
        self.forward, self.half, self.out = model if half else Chain(model), half, torch.empty(0)

    def logits(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.half):
            self.out = self.forward(images[0]).float()
        return self.out.detach().unsqueeze(0)

    def backward(self, grad: Tensor) -> None:
        self.out.backward(grad[0])

    def release(self) -> None:
        """Nothing is shared."""


class Together:
    """Dense networks of one shape; their parameters become views of one stacked tensor each, until ``release``.

    Without autograd: nothing is taken apart for it, gradients are written where those of the last step lay (fresh
    memory for them costs as much as computing them), and none is computed at the images.
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        self.owned = [list(parameters) for parameters in zip(*(model.parameters() for model in models), strict=True)]
        self.stacks: list[Tensor] = []
        for parameters in self.owned:
            stack = torch.stack([parameter.data for parameter in parameters])
            for parameter, part in zip(parameters, stack, strict=True):
                parameter.data = part
            self.stacks.append(stack)
        self.grads = [torch.empty_like(stack) for stack in self.stacks]
        self.handed = [
            pair
            for parameters, grad in zip(self.owned, self.grads, strict=True)
            for pair in zip(parameters, grad, strict=True)
        ]
        self.rectified = _rectified(models[0])
        self.values: list[Tensor] = []

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        values = images.flatten(2)
        self.values = [values.relu() if self.rectified[0] else values]
        for weight, bias, rectified in zip(self.stacks[::2], self.stacks[1::2], self.rectified[1:], strict=True):
            values = _linear(self.values[-1], weight, bias)
            self.values.append(values.relu_() if rectified else values)
        return self.values[-1]

    @torch.no_grad()
    def backward(self, grad: Tensor) -> None:
        for layer in reversed(range(len(self.stacks) // 2)):
            if self.rectified[layer + 1]:
                grad = torch.ops.aten.threshold_backward(grad, self.values[layer + 1], 0)
            _gradients(self.values[layer], grad, *self.grads[2 * layer : 2 * layer + 2])
            if layer:
                grad = torch.bmm(grad, self.stacks[2 * layer])
        for parameter, part in self.handed:
            parameter.grad = part if parameter.grad is None else parameter.grad.add_(part)

    def release(self) -> None:
        for parameters in self.owned:
            for parameter in parameters:
                parameter.data = parameter.data.clone()
                parameter.grad = None


def _rectified(model: nn.Module) -> list[bool]:
    """Whether a ReLU follows the images, and each linear layer."""
    found = [False]
    for layer in model.children():
        if isinstance(layer, nn.Linear):
            found.append(False)
        elif isinstance(layer, nn.ReLU):
            found[-1] = True
    return found
