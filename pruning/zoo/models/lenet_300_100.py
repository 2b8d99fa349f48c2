"""LeNet-300-100: the multilayer perceptron of LeCun et al. 1998 and of most pruning papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Model, models, part

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
        return self.scaled(100, 100)

    def scaled(self, width: int, depth: int) -> nn.Module:
        from collections import OrderedDict

        from torch import nn

        first, second = part(300, width), part(100, width)
        layers = [("flatten", nn.Flatten()), ("fc1", nn.Linear(784, first)), ("relu1", nn.ReLU())]
        if part(2, depth) == 2:
            layers += [("fc2", nn.Linear(first, second)), ("relu2", nn.ReLU())]
        layers += [("fc3", nn.Linear(second if part(2, depth) == 2 else first, 10))]
        return nn.Sequential(OrderedDict(layers))
