"""What each scorer says, computed another way."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.common.progress import quiet
from pruning.criteria.counts import ranked
from pruning.criteria.kinds import allocations, scorers
from pruning.network.scene import Scene
from pruning.zoo import data as zoo_data
from pruning.zoo.base import Base
from tests.helpers.networks import small, state

ALLOCATIONS = [allocations[name]() for name in ("global", "uniform")]  # they read the order alone
# Above 2^-60 no square vanishes, and the squares of two different float32 differ.
WEIGHTS = st.floats(2.0**-60, 2.0**60, width=32) | st.floats(-(2.0**60), -(2.0**-60), width=32) | st.just(0.0)


def scene(model: nn.Module, seed: int = 0) -> Scene:
    made = state(model)
    return Scene(model, made.weights, made.base, seed, quiet)


def scores(name: str, model: nn.Module, seed: int = 0, **options: int) -> dict[str, Tensor]:
    return scorers[name](**options).score(scene(model, seed))


@given(arrays(np.float32, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=WEIGHTS), st.integers(0, 1000))
def test_both_magnitudes_give_the_same_masks(values: np.ndarray, level: int) -> None:
    weights = {"a": torch.from_numpy(values), "b": torch.from_numpy(values[::-1].copy() / 3)}
    seen = Scene(nn.Identity(), weights, Base(), 0, quiet)
    for allocation in ALLOCATIONS:
        one = ranked(scorers["magnitude_l1"]().score(seen), allocation).masks(level)
        two = ranked(scorers["magnitude_l2"]().score(seen), allocation).masks(level)
        assert all(torch.equal(one[name], two[name]) for name in weights)


def test_magnitudes_are_the_absolute_value_and_the_square() -> None:
    model = small()
    for name, weight in state(model).weights.items():
        assert torch.equal(scores("magnitude_l1", model)[name], weight.abs())
        assert torch.equal(scores("magnitude_l2", model)[name], weight * weight)


def test_random_depends_on_its_seed_alone() -> None:
    first = scores("random", small(), seed=5)
    torch.rand(3), np.random.rand(3), random.random()
    again, other = scores("random", small(seed=9), seed=5), scores("random", small(), seed=6)
    for name in first:
        assert torch.equal(first[name], again[name])  # other weights, other state of the global generators
        assert not torch.equal(first[name], other[name])
        assert first[name].min() >= 0 and first[name].max() < 1
    drawn = torch.rand(100, generator=torch.Generator("cpu").manual_seed(5))
    assert torch.equal(first["conv1.weight"].flatten(), drawn)  # drawn on the CPU, whatever the device


def test_random_draws_each_layer_anew() -> None:
    made = scores("random", nn.Sequential(nn.Flatten(), nn.Linear(784, 784), nn.Linear(784, 784)))
    one, two = made.values()
    assert not torch.equal(one, two)


def test_gradient_x_weight_is_autograd_on_the_mean_loss(images: object) -> None:
    model = small()
    found = scores("gradient_x_weight", model, seed=3, samples=130)  # two batches
    x, y = zoo_data.sample(zoo_data.load("any", "train"), 130, 3)
    F.cross_entropy(model(x), y).backward()
    for name, weight in model.named_parameters():
        if name in found:
            torch.testing.assert_close(found[name], (weight * weight.grad).abs().detach(), rtol=2e-4, atol=1e-7)
            assert found[name].max() > 1e-4
    assert len(found) == 4


def test_gradient_of_batches_of_other_sizes_is_weighted_by_images(
    images: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, whole = small(), None
    for size in (120, 50, 7):
        monkeypatch.setattr("pruning.network.inputs.BATCH", size)
        found = scores("gradient_x_weight", model, samples=120)
        whole = whole or found
        for name in found:
            torch.testing.assert_close(found[name], whole[name], rtol=1e-3, atol=1e-7)


class Smooth(nn.Module):
    """In float64 with a smooth activation, so that a small step can be compared."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(4, 5).double(), nn.Linear(5, 10).double()

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.one(F.avg_pool2d(x, 14).flatten(1).double()).tanh())


def test_gradient_x_weight_is_the_change_of_the_loss_to_first_order(images: object) -> None:
    torch.manual_seed(0)
    model = Smooth()
    found = scores("gradient_x_weight", model, samples=20)
    x, y = zoo_data.sample(zoo_data.load("any", "train"), 20, 0)

    def loss() -> float:
        with torch.no_grad():
            return float(F.cross_entropy(model(x), y))

    before, step = loss(), 1e-5
    for name, weight in (("one.weight", model.one.weight), ("two.weight", model.two.weight)):
        for place in range(0, weight.numel(), 3):
            with torch.no_grad():
                flat = weight.view(-1)
                old = float(flat[place])
                flat[place] = old * (1 - step)  # a step on the way to removing it
                change = abs(loss() - before) / step
                flat[place] = old
            assert float(found[name].flatten()[place]) == pytest.approx(change, rel=2e-3, abs=1e-7)


def test_an_initial_network_is_scored_with_the_statistics_of_its_batches(images: object) -> None:
    model = small(measured=False)
    found = scores("gradient_x_weight", model, samples=80)
    x, y = zoo_data.sample(zoo_data.load("any", "train"), 80, 0)
    model.norm.train()
    F.cross_entropy(model(x), y).backward()
    right = (model.conv1.weight * model.conv1.weight.grad).abs().detach()
    torch.testing.assert_close(found["conv1.weight"], right, rtol=1e-4, atol=1e-7)


def test_a_scorer_says_what_is_missing_for_its_images() -> None:
    with pytest.raises(Exception, match="grey") as caught:
        scorers["gradient_x_weight"]().score(Scene(small(), {}, Base(model="lenet_5", data="cifar10"), 0, quiet))
    assert type(caught.value).__name__ == "Missing"
    nowhere = Base(model="efficientnet_b1")
    with pytest.raises(Exception, match="no data set for efficientnet_b1") as caught:
        scorers["gradient_x_weight"]().score(Scene(small(), {}, nowhere, 0, quiet))
    assert type(caught.value).__name__ == "Missing"
