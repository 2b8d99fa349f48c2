"""Small networks and independent computations that tests of criteria share."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.common.progress import quiet
from pruning.criteria.kinds import Scorer, scorers
from pruning.network.scene import Scene
from pruning.zoo import data as zoo_data
from tests.helpers.networks import state


def scene(model: nn.Module, seed: int = 0, **about: Any) -> Scene:
    """What a scorer sees of a network that takes 28x28 images."""
    made = state(model)
    return replace(Scene(model, made.weights, made.base, seed, quiet), **about)


def scored(name: str, model: nn.Module, seed: int = 0, masks: dict[str, Tensor] | None = None, **options: Any):  # noqa: ANN201
    """A criterion's scores of a network, before units are made of them."""
    entry = scorers[name](**options)
    assert isinstance(entry, Scorer)
    return entry.score(scene(model, seed, masks=masks or {}))


def images_of(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """The training images that a scorer draws by this seed."""
    return zoo_data.sample(zoo_data.load("any", "train"), count, seed)


class Tiny(nn.Module):
    """42 weights in float64 on four numbers of each image, for brute force."""

    def __init__(self, act: str) -> None:
        super().__init__()
        self.one, self.two, self.act = nn.Linear(4, 3).double(), nn.Linear(3, 10).double(), act

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.one(F.avg_pool2d(x.double(), 14).flatten(1))
        return self.two(hidden.tanh() if self.act == "tanh" else hidden.relu())


def tiny(act: str = "tanh") -> Tiny:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return Tiny(act).eval()


def mean_loss(model: nn.Module, x: Tensor, y: Tensor) -> float:
    with torch.no_grad():
        return float(F.cross_entropy(model(x), y))


def hessian(model: nn.Module, x: Tensor, y: Tensor, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
    """The whole Hessian and gradient with respect to the prunable weights, by torch's own functional."""
    parts = state(model).weights

    def loss(line: Tensor) -> Tensor:
        pieces = line.split([part.numel() for part in parts.values()])
        chosen = {name: piece.view(parts[name].shape) for name, piece in zip(parts, pieces, strict=True)}
        return F.cross_entropy(torch.func.functional_call(model, chosen, (x,)) / temperature, y)

    flat = line(parts)
    return torch.autograd.functional.hessian(loss, flat), torch.autograd.functional.jacobian(loss, flat)  # type: ignore[return-value]


def line(parts: dict[str, Tensor]) -> Tensor:
    """All numbers in a row, in float64."""
    return torch.cat([part.double().flatten() for part in parts.values()])


def relu_net(hidden: int = 12) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10)).eval()


def rescaled(model: nn.Sequential, factors: Tensor) -> nn.Sequential:
    """The same function: what enters each hidden unit times its factor, what leaves it divided by it.

    With powers of two no number is rounded differently, so that equal ranks are equal bit for bit.
    """
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[1].weight.mul_(factors[:, None]), other[1].bias.mul_(factors), other[3].weight.div_(factors)
    return other


def permuted(model: nn.Sequential, order: Tensor) -> nn.Sequential:
    """The same function with the hidden units in another order."""
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[1].weight.copy_(model[1].weight[order]), other[1].bias.copy_(model[1].bias[order])
        other[3].weight.copy_(model[3].weight[:, order])
    return other
