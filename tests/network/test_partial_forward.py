"""A network that starts in the middle answers as it does from the start, wherever it may start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.network.partial_forward import PartialForward
from pruning.zoo import data as zoo_data
from pruning.zoo.networks.resnet import SmallImageResNet
from tests.helpers.invented import Images
from tests.helpers.networks import small


class Residual(nn.Module):
    """Skips on two levels, a shared module in place, a shared block, and a weight that is read past its module."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.relu = nn.Conv2d(1, 4, 5, stride=4), nn.ReLU(inplace=True)
        self.blocks = nn.Sequential(Block(self.relu), Block(self.relu), nn.Identity(), Block(self.relu))
        self.again = Block(self.relu)
        self.pool = nn.Flatten()
        self.fc = nn.Linear(144, 144)
        self.out = nn.Linear(144, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        skip = x
        x = self.blocks(x)
        x += skip
        x = self.pool(self.again(self.again(x)))
        return self.out(self.fc(x).relu() + F.linear(x, self.fc.weight.t()))


class Block(nn.Module):
    def __init__(self, relu: nn.Module) -> None:
        super().__init__()
        self.one, self.norm, self.relu = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), relu
        self.two = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        out = self.two(self.relu(self.norm(self.one(x))))
        out += x
        return self.relu(out)


class Attention(nn.Module):
    """Fused attention: weights of modules that are never called; tuples as outputs; tied weights."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 7, stride=7)
        self.mixed = nn.MultiheadAttention(8, 2, batch_first=True)
        self.up, self.down, self.head = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 10)
        self.down.weight = self.up.weight

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = x + self.mixed(x, x, x, need_weights=False)[0]
        return self.head(self.down(F.gelu(self.up(x)))[:, 0])


def built(kind: type[nn.Module] | Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return kind().eval()


def resnet() -> nn.Module:
    """ResNet-8 of four channels: residual additions join channels of many layers."""
    return SmallImageResNet(n=1, width=4)


NETWORKS = pytest.mark.parametrize("kind", [small, Residual, Attention, resnet], ids=lambda kind: kind.__name__)


@NETWORKS
def test_every_place_to_start_from_gives_the_same_answers(kind: Any, images: Images) -> None:
    """Bit for bit, on images on which the place was not tried."""
    model = built(kind)
    x = zoo_data.load("", "validation").batch(0, 40)[0]
    replay = PartialForward(model, x[:3])
    with torch.inference_mode():
        right = model(x)
    cuts = {replay.cut(use) for use in range(len(replay._calls) + 1)} - {None}
    assert len(cuts) >= (1 if kind is Attention else 3)
    for cut in cuts:
        held = replay.output(cut, x)
        assert torch.equal(replay.run(torch.zeros_like(x), cut, held), right)
        assert torch.equal(replay.run(torch.zeros_like(x), cut, held), right)  # what is held is not worked on
    assert torch.equal(replay.run(x), right)


def test_it_starts_as_late_as_the_network_allows() -> None:
    model = built(Residual)
    replay = PartialForward(model, torch.randn(3, 1, 28, 28))
    parameters = dict(replay.model.named_parameters(remove_duplicate=False))

    def cut(name: str) -> Any:
        return replay.cut(replay.use([parameters[name]]))

    assert cut("conv1.weight") is None
    for name in ("blocks.0.one.weight", "blocks.3.two.weight", "again.two.weight"):
        assert cut(name) == (0, 1)  # the skip around all blocks is read behind them
    # Behind the shared block's second call; what fc reads is read again after it.
    assert cut("fc.weight") == cut("out.weight") == (0, 5)


def test_a_network_whose_answers_are_nan_is_run_whole() -> None:
    """There it cannot be seen whether something that was not computed is read."""
    model = built(small)
    model.fc2.bias.data.fill_(torch.nan)
    replay = PartialForward(model, torch.randn(3, 1, 28, 28))
    assert {replay.cut(use) for use in range(12)} == {None}
