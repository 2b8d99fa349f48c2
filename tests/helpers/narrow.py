"""torchvision's families with few and narrow layers: every kind of joint, at a cost that tests can bear."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from pruning.zoo.vision import torchvision

BASES = {
    "narrow_resnet": "resnet50",
    "narrow_resnext": "resnext50_32x4d",
    "narrow_densenet": "densenet121",
    "narrow_convnext": "convnext_tiny",
    "narrow_mobilenet": "mobilenet_v2",
    "narrow_efficientnet": "efficientnet_b0",
}
"""The registered model that each is a narrow one of."""


def narrow(name: str) -> nn.Module:
    """The network of that name, with fresh weights from torch's generator; images of 3x32x32, 10 classes."""
    models: Any = torchvision().models
    makers: dict[str, Callable[[], nn.Module]] = {
        "narrow_resnet": partial(_bottlenecks, models, 1, 8),
        "narrow_resnext": partial(_bottlenecks, models, 4, 2),
        "narrow_densenet": lambda: models.DenseNet(4, (3, 2), 8, 2, num_classes=10),
        "narrow_convnext": partial(_convnext, models.convnext),
        "narrow_mobilenet": lambda: models.MobileNetV2(10, 0.25),
        "narrow_efficientnet": partial(_efficientnet, models.efficientnet),
    }
    return makers[name]()


def _bottlenecks(models: Any, groups: int, width: int) -> nn.Module:
    """Bottleneck blocks, two in the second stage; ``groups`` of a 3x3 convolution, each ``width`` wide in the first."""
    kind = models.resnet.Bottleneck
    return models.ResNet(kind, [1, 2, 1, 1], num_classes=10, groups=groups, width_per_group=width)


def _convnext(module: Any) -> nn.Module:
    """Two stages; layer scales of one half, where torchvision begins with a millionth."""
    stages = [module.CNBlockConfig(8, 12, 2), module.CNBlockConfig(12, None, 1)]
    return module.ConvNeXt(stages, layer_scale=0.5, num_classes=10)


def _efficientnet(module: Any) -> nn.Module:
    """Inverted residuals with squeeze and excitation, depthwise kernels of 3 and 5."""
    config = partial(module.MBConvConfig, width_mult=1.0, depth_mult=1.0)
    return module.EfficientNet([config(1, 3, 1, 8, 8, 1), config(4, 5, 2, 8, 12, 2)], 0.2, num_classes=10)
