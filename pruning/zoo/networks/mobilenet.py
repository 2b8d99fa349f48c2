"""MobileNetV2 (Sandler et al. 2018) in a small width, made of torchvision's own blocks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pruning.zoo.vision import torchvision

# expansion, output channels, repeats, first stride (table 2 of the paper, narrowed for 28x28 images)
SETTING = ((1, 16, 1, 1), (4, 24, 2, 2), (4, 32, 2, 2), (4, 48, 2, 1), (4, 64, 1, 1))


class SmallMobileNetV2(nn.Module):
    """Inverted residuals with linear bottlenecks on small grey images.

    Input ``(batch, channels, H, W)`` in float, output ``(batch, classes)`` logits. The stem keeps the
    resolution (stride 1), since 28 pixels leave nothing to spare.
    """

    def __init__(
        self,
        channels: int = 1,
        classes: int = 10,
        stem: int = 16,
        head: int = 192,
        setting: tuple[tuple[int, int, int, int], ...] = SETTING,
    ) -> None:
        super().__init__()
        block = torchvision().models.mobilenetv2.InvertedResidual
        conv = torchvision().ops.misc.Conv2dNormActivation
        layers: list[nn.Module] = [conv(channels, stem, stride=1, activation_layer=nn.ReLU6)]
        n_in = stem
        for expansion, n_out, repeats, stride in setting:
            for i in range(repeats):
                layers.append(block(n_in, n_out, stride if i == 0 else 1, expand_ratio=expansion))
                n_in = n_out
        layers.append(conv(n_in, head, kernel_size=1, activation_layer=nn.ReLU6))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(head, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(nn.functional.adaptive_avg_pool2d(self.features(x), 1), 1))
