"""Chains of layers, which several networks have alike: what they are made of, and the linear ones.

Forward and backward by hand: matrix products, each network's by itself. ``convolution`` has the other layers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

import torch
from torch import Tensor, nn

from pruning.training.convolution import Convolution


@dataclass(frozen=True)
class StackedLayer:
    """What decides how a layer is computed: a linear one, or a convolution of stride 1 with the pooling after it.

    Attributes:
        weight: its shape, ``(out, in)`` or ``(out, in, k, l)``.
        padding: of a convolution, in pixels.
        pool: edge of the places that are pooled; 1: none are.
        rectified: whether a ReLU follows.
    """

    weight: torch.Size
    padding: tuple[int, int] = (0, 0)
    pool: int = 1
    rectified: bool = False

    def on(self, *tensors: Tensor) -> Dense | Convolution:
        """The layer of R networks, of ``tensors``: weights, biases, and where the gradients of both are written."""
        if self.flat:
            return Dense(self.rectified, *tensors)
        return Convolution(self.padding, self.pool, self.rectified, *tensors)

    @property
    def flat(self) -> bool:
        """Whether it is a linear layer."""
        return len(self.weight) == 2

    def inputs(self, before: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of what it gets of one image, from what comes out of the layer before."""
        return (prod(before),) if self.flat else before

    def outputs(self, inputs: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of its output for that."""
        sizes = zip(inputs[1:], self.weight[2:], self.padding, strict=True) if not self.flat else ()
        return (self.weight[0], *((size + 2 * border - edge + 1) // self.pool for size, edge, border in sizes))


class Dense:
    """Linear layers of R networks: ``weight (R, out, in)``, ``bias (R, out)``."""

    def __init__(self, rectified: bool, weight: Tensor, bias: Tensor, *grads: Tensor) -> None:
        self.rectified, self.weight, self.bias, self.grads = rectified, weight, bias, grads
        self.values = self.out = torch.empty(0)

    def forward(self, values: Tensor) -> Tensor:
        """``(R, B, ...)`` -> ``(R, B, out)``."""
        self.values = values.flatten(2)
        self.out = torch.baddbmm(self.bias.unsqueeze(1), self.values, self.weight.mT)
        return self.out.relu_() if self.rectified else self.out

    def backward(self, grad: Tensor, first: bool) -> Tensor:
        """The gradient at the values ``(R, B, in)``, unless this is the first layer."""
        if self.rectified:
            grad = torch.ops.aten.threshold_backward(grad, self.out, 0)
        torch.bmm(grad.mT, self.values, out=self.grads[0])
        torch.sum(grad, 1, out=self.grads[1])
        return grad if first else torch.bmm(grad, self.weight)


def layers_of(model: nn.Module) -> tuple[StackedLayer, ...]:
    """The layers of a chain of convolutions, max-pooling, linear layers and ReLU; none for what is no such chain."""
    found: list[StackedLayer] = []
    flat = False  # whether images have become rows of numbers
    for layer in model if isinstance(model, nn.Sequential) else ():
        last = found[-1] if found else None
        if isinstance(layer, nn.Flatten):
            flat = True
        elif isinstance(layer, nn.Linear) and layer.bias is not None and (flat or last is None):
            found.append(StackedLayer(layer.weight.shape))
            flat = True
        elif isinstance(layer, nn.Conv2d) and _plain(layer) and not flat:
            found.append(StackedLayer(layer.weight.shape, layer.padding))  # ty: ignore[invalid-argument-type]
        elif isinstance(layer, nn.ReLU) and last is not None:
            found[-1] = replace(last, rectified=True)
        elif isinstance(layer, nn.MaxPool2d) and last is not None and not flat and _tiles(layer) and last.pool == 1:
            found[-1] = replace(last, pool=layer.kernel_size)
        else:
            return ()
    return tuple(found)


def _plain(layer: nn.Conv2d) -> bool:
    """Whether a convolution goes pixel by pixel over images that are bordered by zeros."""
    return (layer.stride, layer.dilation, layer.groups) == ((1, 1), (1, 1), 1) and (
        layer.bias is not None and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    )


def _tiles(layer: nn.MaxPool2d) -> bool:
    """Whether pools are squares side by side."""
    return (
        isinstance(layer.kernel_size, int)
        and layer.stride == layer.kernel_size
        and ((layer.padding, layer.dilation, layer.ceil_mode, layer.return_indices) == (0, 1, False, False))
    )


@lru_cache(maxsize=256)
def exact(layer: StackedLayer, count: int, batch: int, inputs: tuple[int, ...], device: str) -> bool:
    """Whether a layer of so many networks gives the same bits for each as for that one alone; found by trying.

    Args:
        inputs: shape of what the layer gets of one image.
    """
    generator = torch.Generator().manual_seed(0)
    shapes = ((batch, *inputs), layer.weight, layer.weight[:1])
    drawn = [torch.randn(count, *shape, generator=generator).to(device) for shape in shapes]
    whole = _computed(layer, *drawn)
    return all(
        torch.equal(many[number], one[0])
        for number in range(count)
        for many, one in zip(
            whole, _computed(layer, *(part[number : number + 1].clone() for part in drawn)), strict=True
        )
    )


def _computed(layer: StackedLayer, values: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
    """All that is computed of a layer: outputs, and the gradients of half their squares at values, weights, biases."""
    grads = torch.empty_like(weight), torch.empty_like(bias)
    made = layer.on(weight, bias, *grads)
    out = made.forward(values).clone()
    return (out, made.backward(out, False), *grads)
