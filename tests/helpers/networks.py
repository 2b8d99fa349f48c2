"""Networks that are quick to run, and states made of them without a checkpoint."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pruning.criteria.kinds import scorers
from pruning.network.passes import forward_order
from pruning.state import State
from pruning.zoo.base import Base
from pruning.zoo.kinds import models
from pruning.zoo.networks.vit import SmallViT

HOOKS = [name for name in vars(nn.Module()) if name.endswith("hooks")]


class Small(nn.Module):
    """Two convolutions (one grouped), BatchNorm, dropout, two dense layers; images of 1x28x28."""

    def __init__(self, smooth: bool = True) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 5, stride=4)
        self.norm = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 8, 3, stride=2, groups=2)
        self.drop = nn.Dropout(0.5)
        self.fc1 = nn.Linear(32, 12)
        self.fc2 = nn.Linear(12, 10)
        self.smooth = smooth

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2(self.norm(self.conv1(x)).relu()).relu()
        hidden = self.fc1(self.drop(x.flatten(1)))
        return self.fc2(hidden.tanh() if self.smooth else hidden.relu())


class Turn(nn.Module):
    """A residual block of two convolutions; ReLU behind the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.conv2, self.norm2 = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        return (x + self.norm2(self.conv2(self.norm1(self.conv1(x)).relu()))).relu()


class Residual(nn.Module):
    """A convolution, three residual blocks, a dense layer; images of 1x28x28."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(1, 4, 4, stride=4), nn.BatchNorm2d(4)
        self.blocks = nn.Sequential(Turn(), Turn(), Turn())
        self.head = nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.norm(self.stem(x)).relu()).mean((2, 3)))


def _made(make: Callable[[], nn.Module], seed: int, measured: bool) -> Any:
    """In eval mode; ``measured``: with BatchNorm statistics and affine weights other than at initialisation."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = make()
        if measured:
            norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
            for norm in norms:
                for tensor in (norm.running_mean, norm.weight.data, norm.bias.data):
                    tensor.normal_()
                norm.running_var.uniform_(0.5, 2.0)
    return model.eval()


def small(seed: int = 0, measured: bool = True, smooth: bool = True) -> Small:
    """``smooth``: with tanh instead of the last ReLU."""
    return _made(lambda: Small(smooth), seed, measured)


def residual(seed: int = 0, measured: bool = True) -> Residual:
    return _made(Residual, seed, measured)


def attending(seed: int = 0) -> SmallViT:
    """Two transformer blocks of two heads each."""
    return _made(lambda: SmallViT(patch=7, dim=8, depth=2, num_heads=2, hidden=12), seed, True)


def network(granularity: str, measured: bool = True, scorer: str = "") -> nn.Module:
    """A network that has such units, and that the criterion can look at: SynFlow knows no tanh."""
    if granularity == "head":
        return attending()
    return residual(measured=measured) if granularity == "layer_block" else small(0, measured, scorer != "synflow")


def state(model: nn.Module, name: str = "resnet_20", key: str = "start") -> State:
    """The state before the first step of a network that takes the images of the registered model ``name``."""
    base = Base(model=name, mark="init")
    order = forward_order(model, models[name].input_shape)
    return State(base, key, model, order)


def options_of(scorer: str) -> dict[str, int]:
    """Options that make a registered scorer quick: few images, draws and rounds, where it takes them."""
    quick = {"samples": 60, "probes": 1, "rounds": 8}
    return {name: value for name, value in quick.items() if name in scorers[scorer].model_fields}


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    """A copy of all parameters and buffers."""
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether two dictionaries of tensors are equal bit for bit, and in the same order."""
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


def untouched(model: nn.Module) -> object:
    """Everything about a network that is no number of it, and the state of the generators."""
    modules = list(model.modules())
    return (
        [m.training for m in modules],
        [[len(getattr(m, name)) for name in HOOKS] for m in modules],
        [sorted(vars(m)) for m in modules],
        [(id(p), p.requires_grad, None if p.grad is None else p.grad.tolist()) for p in model.parameters()],
        [id(b) for b in model.buffers()],
        torch.get_rng_state().tolist(),
        str(np.random.get_state()),
        random.getstate(),
        torch.is_grad_enabled(),
    )
