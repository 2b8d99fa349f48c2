"""Answers of small networks without what takes longer than their arithmetic: the same bits as the layers themselves."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.common.limits import FORWARDS
from pruning.common.memory import Recent
from pruning.network.chain import LAYERS, Chain

Forward = Callable[[Tensor], Tensor]
DENSE = (nn.Flatten, nn.Linear, nn.ReLU)
"""Layers that are computed here; of exactly these classes, as what is derived from them may do something else."""

_exact: Recent[bool] = Recent(FORWARDS, "shapes that were tried")


def forward_of(model: nn.Module) -> Forward:
    """A network's forward pass, for ``torch.inference_mode`` and as long as its weights stay as they are.

    Chains of linear layers and ReLU skip what ``nn.Module`` does around each of them; chains of convolutions stay in
    oneDNN's own layout; all others are computed as they are, and so are layers that somebody watches.
    """
    layers = list(model) if type(model) is nn.Sequential else []  # its children() leave out a module that is used twice
    if not layers or not all(type(layer) in LAYERS for layer in layers):
        return model
    if any(module._forward_hooks or module._forward_pre_hooks for module in model.modules()):
        return model
    if all(type(layer) in DENSE for layer in layers):
        return _dense(layers) or model
    return Resting(model)


def _dense(layers: list[nn.Module]) -> Forward | None:
    """Linear layers with ReLU after them, from images that are made flat first; None for any other order."""
    steps: list[tuple[Tensor, Tensor | None, bool]] = []
    for place, layer in enumerate(layers):
        if isinstance(layer, nn.Linear):
            steps.append((layer.weight, layer.bias, False))
        elif isinstance(layer, nn.ReLU) and steps and not steps[-1][2]:
            steps[-1] = (*steps[-1][:2], True)
        elif place or not isinstance(layer, nn.Flatten) or (layer.start_dim, layer.end_dim) != (1, -1):
            return None
    if not steps or not isinstance(layers[0], nn.Flatten):
        return None

    def forward(images: Tensor) -> Tensor:
        values = images.flatten(1)
        for weight, bias, rectified in steps:
            values = F.linear(values, weight, bias)
            if rectified:
                values.relu_()
        return values

    return forward


class Resting(Chain):
    """A chain whose weights stay: how large they are is looked up once, and what was tried is remembered for all."""

    def _exact(self, images: Tensor) -> bool:
        key = (self._name, images.shape, torch.get_num_threads())
        found = _exact.get(key)
        return _exact.put(key, self._tried(images)) if found is None else found

    @cached_property
    def _name(self) -> str:
        return str(self.model)

    def _tried(self, images: Tensor) -> bool:
        """Whether any network of these layers answers with the same bits: tried with weights that are drawn, as sums of
        zeros would be the same in any order."""
        drawn = Resting(copy.deepcopy(self.model))
        generator = torch.Generator().manual_seed(0)
        for parameter in drawn.model.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)
        try:
            return torch.equal(drawn.model(images), drawn._fast(images))
        except RuntimeError:  # oneDNN has no such layer
            return False

    def _growth(self) -> list[tuple[float, float]]:
        return self._known

    @cached_property
    def _known(self) -> list[tuple[float, float]]:
        return super()._growth()
