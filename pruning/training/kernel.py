"""Forward and backward of one network, or of several in one computation.

Chains of layers of one shape run together as batched matrix products: one network alone is the same kernel with one
replicate, and each replicate's numbers are bit for bit those it has alone. (A plain linear layer's product depends on
how many rows it has; a batched product computes each replicate by itself. Some libraries order a small product's sums
by where in memory it begins: shapes for which that happens are found by trying, and run alone.) Dense networks are
always computed so, those with convolutions where the recipe asks for it: torch's own convolutions sum in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from pruning.network.chain import Chain
from pruning.training.layers import exact, layers_of

IMAGES = 3_000
"""Images of all networks whose patches lie in memory at once, 100 kB each for LeNet-5; more, and each runs alone."""


class TrainingKernel(Protocol):
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


def kernel_of(models: Sequence[nn.Module], half: bool = False, products: bool = False) -> TrainingKernel:
    """The kernel for these networks: one whose layers multiply in bfloat16 runs alone, and so does one of other layers
    than linear ones, or, where convolutions are ``products``, than those of ``layers_of``."""
    if not half and all(as_products(model, products) for model in models):
        return Together(models)
    (model,) = models
    return Alone(model, half)


def as_products(model: nn.Module, products: bool) -> bool:
    """Whether a network is computed by matrix products alone.

    That is a chain of linear layers with ReLU between them, or, where it is asked for, one with convolutions.
    """
    layers = layers_of(model)
    return bool(layers) and (products or all(layer.flat for layer in layers))


def fit_together(models: Sequence[nn.Module], batch: int, image: Sequence[int], products: bool = False) -> bool:
    """Whether the networks can be trained as one computation with each one's numbers as they are alone.

    Args:
        image: shape of an image, ``(C, H, W)``.
    """
    chains = {layers_of(model) for model in models}
    if len(chains) > 1 or not all(as_products(model, products) for model in models):
        return False
    (layers,), values, device = chains, tuple(image), str(next(models[0].parameters()).device)
    if len(models) > 1 and not layers[0].flat and len(models) * batch > IMAGES:
        return False
    for layer in layers:
        values = layer.inputs(values)
        if not exact(layer, len(models), batch, values, device):
            return False
        values = layer.outputs(values)
    return True


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
    """Networks of one shape; their parameters become views of one stacked tensor each, until ``release``.

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
        tensors = zip(self.stacks[::2], self.stacks[1::2], self.grads[::2], self.grads[1::2], strict=True)
        self.layers = [layer.on(*own) for layer, own in zip(layers_of(models[0]), tensors, strict=True)]

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        values = images
        for layer in self.layers:
            values = layer.forward(values)
        return values

    @torch.no_grad()
    def backward(self, grad: Tensor) -> None:
        for layer in reversed(self.layers):
            grad = layer.backward(grad, first=layer is self.layers[0])
        for parameter, part in self.handed:
            parameter.grad = part if parameter.grad is None else parameter.grad.add_(part)

    def release(self) -> None:
        for parameters in self.owned:
            for parameter in parameters:
                parameter.data = parameter.data.clone()
                parameter.grad = None
