"""Networks that are quick to run, and states made of them without a checkpoint."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pruning import registry
from pruning.passes import forward_order
from pruning.specs import Base
from pruning.state import State


class Small(nn.Module):
    """Two convolutions (one grouped), BatchNorm, dropout, two dense layers; images of 1x28x28."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 5, stride=4)
        self.norm = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 8, 3, stride=2, groups=2)
        self.drop = nn.Dropout(0.5)
        self.fc1 = nn.Linear(32, 12)
        self.fc2 = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2(self.norm(self.conv1(x)).relu()).relu()
        return self.fc2(self.fc1(self.drop(x.flatten(1))).tanh())


def small(seed: int = 0, measured: bool = True) -> Small:
    """In eval mode; ``measured``: with BatchNorm statistics and affine weights other than at initialisation."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Small()
        if measured:
            for tensor in (model.norm.running_mean, model.norm.weight.data, model.norm.bias.data):
                tensor.normal_()
            model.norm.running_var.uniform_(0.5, 2.0)
    return model.eval()


def state(model: nn.Module, name: str = "resnet_20", key: str = "start") -> State:
    """The state before the first step of a network that takes the images of the registered model ``name``."""
    base = Base(model=name, mark="init")
    order = forward_order(model, registry.models[name].input_shape)
    return State(base, key, model, order)


def options_of(scorer: str) -> dict[str, int]:
    """Options that make a registered scorer quick: few images, draws and rounds, where it takes them."""
    quick = {"samples": 60, "probes": 1, "rounds": 8}
    return {name: value for name, value in quick.items() if name in registry.scorers[scorer].model_fields}


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    """A copy of all parameters and buffers."""
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether two dictionaries of tensors are equal bit for bit, and in the same order."""
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)
