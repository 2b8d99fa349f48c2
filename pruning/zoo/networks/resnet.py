"""The CIFAR family of residual networks (He et al. 2016, section 4.2), for small images."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut.

    The shortcut is a 1x1 convolution where the shape changes ("option B" of the paper): the padded
    identity of option A cannot be traced by dependency-graph libraries, and costs 3 k parameters less.
    """

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.shortcut = nn.Sequential()
        if stride != 1 or n_in != n_out:
            self.shortcut = nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class SmallImageResNet(nn.Module):
    """ResNet of depth ``6 n + 2``: a 3x3 stem and three stages of ``n`` basic blocks.

    Input ``(batch, channels, H, W)`` in float, output ``(batch, classes)`` logits.
    """

    def __init__(self, n: int = 3, width: int = 16, channels: int = 1, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.stage1 = self._stage(n, width, width, 1)
        self.stage2 = self._stage(n, width, 2 * width, 2)
        self.stage3 = self._stage(n, 2 * width, 4 * width, 2)
        self.fc = nn.Linear(4 * width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    @staticmethod
    def _stage(n: int, n_in: int, n_out: int, stride: int) -> nn.Sequential:
        blocks = [BasicBlock(n_in, n_out, stride)] + [BasicBlock(n_out, n_out, 1) for _ in range(n - 1)]
        return nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.stage3(self.stage2(self.stage1(x)))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
