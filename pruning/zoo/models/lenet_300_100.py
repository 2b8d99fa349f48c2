"""LeNet-300-100: the multilayer perceptron of LeCun et al. 1998 and of most pruning papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.entries import Model
from pruning.registry import models

if TYPE_CHECKING:
    from torch import nn


@models.register
class LeNet300100(Model):
    name = "lenet_300_100"
    label = "LeNet-300-100"
    summary = "Two hidden layers, 266,610 parameters: small enough to watch every weight."
    reference = "LeCun et al. 1998"
    rank = 10
    seeds = (0, 1, 2)

    def build(self) -> nn.Module:
        from collections import OrderedDict

        from torch import nn

        layers = [
            ("flatten", nn.Flatten()),
            ("fc1", nn.Linear(784, 300)),
            ("relu1", nn.ReLU()),
            ("fc2", nn.Linear(300, 100)),
            ("relu2", nn.ReLU()),
            ("fc3", nn.Linear(100, 10)),
        ]
        return nn.Sequential(OrderedDict(layers))
