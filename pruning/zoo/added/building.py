"""An architecture by its name, with as many outputs and channels as a checkpoint has."""

from __future__ import annotations

from torch import nn

from pruning.common.errors import Incompatible
from pruning.zoo.added.onto import Build
from pruning.zoo.kinds import models


def building(architecture: str) -> Build:
    """What builds the architecture of that name.

    Raises:
        UnknownName: there is none.
    """
    entry = models[architecture]()

    def build(classes: int, channels: int) -> nn.Module:
        make = getattr(entry, "built", None)
        if make is None and classes != entry.classes:
            raise Incompatible(f"{entry.label} has {entry.classes} outputs, and no form with {classes}.")
        network = entry.build() if make is None else make(classes)
        if channels != entry.input_shape[0]:
            _rechannelled(network, entry.input_shape[0], channels)
        return network

    return build


def _rechannelled(network: nn.Module, before: int, after: int) -> None:
    """The first convolution, which reads the picture, for another number of channels."""
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d) and layer.in_channels == before and layer.groups == 1:
            kernel: tuple[int, int] = layer.kernel_size
            fresh = nn.Conv2d(
                after,
                layer.out_channels,
                kernel,
                layer.stride,
                layer.padding,
                layer.dilation,
                bias=layer.bias is not None,
                padding_mode=layer.padding_mode,
            )
            owner, _, last = name.rpartition(".")
            network.get_submodule(owner).add_module(last, fresh)
            return
    raise Incompatible(f"This architecture has no convolution that reads pictures of {before} channels.")
