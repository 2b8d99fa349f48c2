"""Block influence against the cosines that a person computes, and on blocks that are masked already."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.common.progress import quiet
from pruning.criteria.plan import plan
from pruning.state import State
from pruning.steps.prune import Prune
from tests.helpers.brute import images_of
from tests.helpers.invented import Images
from tests.helpers.networks import attending, residual, state

COUNT = 250  # three batches, not all of one size


class Around(nn.Module):
    """A residual block all of whose parameters lie in one child, with the sum in place or not."""

    def __init__(self, in_place: bool) -> None:
        super().__init__()
        self.body, self.in_place = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 6)), in_place

    def forward(self, x: Tensor) -> Tensor:
        if self.in_place:
            x += self.body(x)
            return x
        return x + self.body(x)


class Maps(nn.Module):
    """Blocks on maps of 3x3 positions with channels last, as in Swin."""

    def __init__(self, in_place: bool) -> None:
        super().__init__()
        self.blocks, self.head = nn.ModuleList([Around(in_place), Around(in_place)]), nn.Linear(6, 10)

    def given(self, x: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(x, (9, 6)).view(-1, 3, 3, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.given(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((1, 2)))


def influence(model: nn.Module, count: int = 60) -> Tensor:
    options = {"samples": count}
    made = plan(state(model).scene(quiet), Prune(scorer="block_influence", options=options, granularity="layer_block"))
    assert made.ranking is not None and list(made.ranking.scores) == ["blocks"]
    return made.ranking.scores["blocks"]


def turned(given: Tensor, out: Tensor) -> float:
    """Men et al. 2024, equation 1, channels last, in numpy."""
    x, y = given.double().numpy(), out.double().numpy()
    return float(np.mean(1 - (x * y).sum(-1) / np.linalg.norm(x, axis=-1) / np.linalg.norm(y, axis=-1)))


def channels_last(values: Tensor) -> Tensor:
    return values.movedim(1, -1) if values.ndim == 4 else values


def near(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("in_place", [False, True])
def test_block_influence_on_maps_with_channels_last(in_place: bool, images: Images) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = Maps(in_place).eval()
    with torch.no_grad():
        inputs = [model.given(images_of(60)[0])]
        for block in model.blocks:
            inputs.append(inputs[-1] + block.body(inputs[-1]))
    near(influence(model), torch.tensor([turned(*pair) for pair in zip(inputs, inputs[1:], strict=False)]))


def test_block_influence_of_tokens_and_of_convolutions(images: Images) -> None:
    x, _ = images_of(COUNT)
    for model in (attending(), lifted()):
        wanted, handles = [], []
        for block in model.blocks:
            handles.append(block.register_forward_hook(lambda _, args, out, at=wanted: at.append((args[0], out))))
        with torch.no_grad():
            model(x)
        for handle in handles:
            handle.remove()
        near(influence(model, COUNT), torch.tensor([turned(*map(channels_last, pair)) for pair in wanted]))


def lifted() -> nn.Module:
    """``residual()`` whose maps are nowhere all zero, so that every cosine is defined."""
    model = residual()
    with torch.no_grad():
        model.norm.bias.fill_(3.0)
        for block in model.blocks:
            block.norm2.weight.mul_(0.1)
    return model


def test_a_block_that_adds_less_has_less_influence(images: Images) -> None:
    found = []
    for factor in (1.0, 0.1, 0.0):
        model = lifted()
        with torch.no_grad():
            model.blocks[1].norm2.weight.mul_(factor)
            model.blocks[1].norm2.bias.mul_(factor)
        found.append(float(influence(model)[1]))
    assert found[0] > found[1] > found[2] and found[2] == pytest.approx(0, abs=1e-6)


def test_where_nothing_comes_in_and_nothing_goes_out_nothing_is_turned(images: Images) -> None:
    model = residual()
    with torch.no_grad():
        model.norm.weight.zero_(), model.norm.bias.zero_()
        for block in model.blocks:
            block.norm2.weight.zero_(), block.norm2.bias.zero_()
    assert influence(model).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("scorer", ["block_influence", "inverted", "shuffled", "magnitude_l1"])
def test_masked_blocks_stay_masked_and_are_counted(scorer: str, images: Images) -> None:
    once = state(lifted()).after(step("magnitude_l1", 333), "once", quiet)
    twice = once.after(step(scorer, 667), "twice", quiet)
    assert gone(once) < gone(twice)
    assert (len(gone(once)), len(gone(twice))) == (1, 2)


def step(scorer: str, level: int) -> Prune:
    options = {} if scorer == "magnitude_l1" else {"samples": 60}
    if scorer in ("inverted", "shuffled"):
        options = {"of": "block_influence"}
    return Prune(scorer=scorer, options=options, granularity="layer_block", sparsity=level)


def gone(after: State) -> set[int]:
    """Numbers of the blocks that hold no weight any more."""
    return {i for i in range(3) if not after.model.get_parameter(f"blocks.{i}.conv1.weight").any()}
