"""LeNet-5: two convolutions and three dense layers, the 61,706-parameter form (28x28 input padded to 32x32)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Model, models, part

if TYPE_CHECKING:
    from torch import nn


@models.register
class LeNet5(Model):
    name = "lenet_5"
    label = "LeNet-5"
    summary = "Two convolutions and three dense layers, 61,706 parameters."
    reference = "LeCun et al. 1998"
    rank = 20
    seeds = (0, 1, 2)
    products = True

    def build(self) -> nn.Module:
        return self.scaled(100, 100)

    def scaled(self, width: int, depth: int) -> nn.Module:
        from collections import OrderedDict

        from torch import nn

        maps, more, first, second = (part(size, width) for size in (6, 16, 120, 84))
        layers = [
            ("conv1", nn.Conv2d(1, maps, 5, padding=2)),
            ("relu1", nn.ReLU()),
            ("pool1", nn.MaxPool2d(2)),
            ("conv2", nn.Conv2d(maps, more, 5)),
            ("relu2", nn.ReLU()),
            ("pool2", nn.MaxPool2d(2)),
            ("flatten", nn.Flatten()),
            ("fc1", nn.Linear(25 * more, first)),
            ("relu3", nn.ReLU()),
        ]
        if part(2, depth) == 2:
            layers += [("fc2", nn.Linear(first, second)), ("relu4", nn.ReLU())]
        layers += [("fc3", nn.Linear(second if part(2, depth) == 2 else first, 10))]
        return nn.Sequential(OrderedDict(layers))
