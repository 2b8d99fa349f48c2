"""ResNet-20 in its original width of 16, on 28x28 grey images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Model, models, part

if TYPE_CHECKING:
    from torch import nn


@models.register
class ResNet20(Model):
    name = "resnet_20"
    label = "ResNet-20"
    summary = "Nine residual blocks of two convolutions, 272,186 parameters."
    reference = "He et al. 2016"
    rank = 30

    def build(self) -> nn.Module:
        return self.scaled(100, 100)

    def scaled(self, width: int, depth: int) -> nn.Module:
        from pruning.zoo.networks.resnet import SmallImageResNet

        return SmallImageResNet(part(3, depth), part(16, width))
