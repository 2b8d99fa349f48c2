"""MobileNetV2 in a small width, on 28x28 grey images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Model, models, part

if TYPE_CHECKING:
    from torch import nn


@models.register
class MobileNetV2Small(Model):
    name = "mobilenet_v2_small"
    label = "MobileNetV2 (small)"
    summary = "Depthwise separable inverted residuals, 98,346 parameters: already compact, so hard to prune."
    reference = "Sandler et al. 2018"
    rank = 40

    def build(self) -> nn.Module:
        return self.scaled(100, 100)

    def scaled(self, width: int, depth: int) -> nn.Module:
        from pruning.zoo.networks.mobilenet import SETTING, SmallMobileNetV2

        setting = tuple((t, part(c, width), part(n, depth), stride) for t, c, n, stride in SETTING)
        return SmallMobileNetV2(stem=part(16, width), head=part(192, width), setting=setting)
