"""Chains of convolutions, ReLU and max-pooling on a CPU, such as LeNet-5's: in oneDNN's own layout, the same bits.

Between torch's layers oneDNN's layout is undone and made again, and torch pools one value after another. A chain that
stays in that layout pools first and rectifies the quarter that is left: the highest value is the same, and what is
negative gets no gradient either way. That each shape gives the same bits is found by trying; one that does not is
computed as it is.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

LAYERS = (nn.Conv2d, nn.MaxPool2d, nn.ReLU, nn.Flatten, nn.Linear)
"""What such a chain is made of."""
SAFE = 1e30
"""Size below which no value can have overflowed on the way; float32 ends at 3.4e38."""


class Chain:
    """A network's forward pass, in oneDNN's layout where that gives the same numbers."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.layers = _layers(model)
        self.same: dict[torch.Size, bool] = {}

    def __call__(self, images: Tensor) -> Tensor:
        """Logits ``(B, classes)`` of images ``(B, C, H, W)``."""
        if not self.layers or images.device.type != "cpu":
            return self.model(images)
        return self._fast(images) if self._bounded(images) and self._exact(images) else self.model(images)

    def _exact(self, images: Tensor) -> bool:
        """Whether images of this shape give the same bits."""
        if images.shape not in self.same:
            self.same[images.shape] = self._tried(images)
        return self.same[images.shape]

    def _fast(self, images: Tensor) -> Tensor:
        values = images.to_mkldnn()
        for layer in self.layers:
            values = layer(values.to_dense() if isinstance(layer, nn.Flatten) else values)
        return values

    def _bounded(self, images: Tensor) -> bool:
        """Whether no value before the dense layers can be infinite or NaN, which oneDNN's pooling would hide."""
        bound = _highest(images)
        for factor, more in self._growth():
            bound = bound * factor + more
        return bound < SAFE  # not so where it is NaN

    def _growth(self) -> list[tuple[float, float]]:
        """By how much each convolution can enlarge the highest value at most: a factor, and what is added."""
        return [
            (_highest(layer.weight) * layer.weight[0].numel(), 0.0 if layer.bias is None else _highest(layer.bias))
            for layer in self.layers
            if isinstance(layer, nn.Conv2d)
        ]

    def _tried(self, images: Tensor) -> bool:
        """Whether logits and gradients of these images are the same bits."""
        parameters, found = list(self.model.parameters()), []
        try:
            for way in (self.model, self._fast):
                logits = way(images)
                found.append((logits, *torch.autograd.grad(logits.logsumexp(1).sum(), parameters)))
        except RuntimeError:  # oneDNN has no such layer
            return False
        return all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def _highest(values: Tensor) -> float:
    return float(values.detach().abs().amax())


def _layers(model: nn.Module) -> list[nn.Module]:
    """The layers in their order, ReLU after the pooling that follows it; none for what is no such chain."""
    layers = list(model) if isinstance(model, nn.Sequential) else []
    pairs = list(zip(layers, layers[1:], strict=False))
    swapped = [n for n, (one, then) in enumerate(pairs) if isinstance(one, nn.ReLU) and isinstance(then, nn.MaxPool2d)]
    if not all(isinstance(layer, LAYERS) for layer in layers) or not swapped:
        return []
    for place in swapped:
        layers[place : place + 2] = [layers[place + 1], nn.ReLU()]
    return layers
