"""Criteria that look at activations, against what a person computes from the same images."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.common.errors import BadTensor
from pruning.common.progress import quiet
from pruning.criteria.kinds import scorers
from pruning.criteria.plan import _scored, plan
from pruning.network.units import Layout
from pruning.network.weights import prunable
from pruning.steps.prune import Prune
from tests.helpers.brute import images_of, permuted, relu_net, rescaled, scene, scored
from tests.helpers.invented import Images
from tests.helpers.networks import attending, small, state

COUNT = 250  # three batches, not all of one size
CHANNELS = ("activation_frequency", "activation_mean", "hrank")


def flat(found: dict[str, Tensor], layer: str) -> Tensor:
    return found[f"{layer}.weight"].flatten()


def near(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def leaving(model: nn.Module) -> dict[str, Tensor]:
    """What leaves the channels of ``small()``: the norm behind conv1, else the layers' own outputs; channels second."""
    x, _ = images_of(COUNT)
    with torch.no_grad():
        one = model.norm(model.conv1(x))
        two = model.conv2(one.relu())
        three = model.fc1(two.relu().flatten(1))
        return {"conv1": one, "conv2": two, "fc1": three[..., None], "fc2": model.fc2(three.tanh())[..., None]}


def test_frequency_counts_what_is_above_zero_and_apoz_is_its_complement(images: Images) -> None:
    model = small()
    found = scored("activation_frequency", model, samples=COUNT)
    assert list(found) == list(state(model).weights)
    for layer, values in leaving(model).items():
        zeros = (values.relu() == 0).flatten(2).double()  # Hu et al. 2016, equation 1
        near(1 - flat(found, layer), zeros.mean((0, 2)).float())
    assert found["conv2.weight"].shape == (8, 1, 1, 1) and found["fc1.weight"].shape == (12, 1)


def test_mean_is_that_of_the_rectified_output(images: Images) -> None:
    model = small()
    found = scored("activation_mean", model, samples=COUNT)
    for layer, values in leaving(model).items():
        near(flat(found, layer), values.relu().flatten(2).double().mean((0, 2)).float())


def test_hrank_is_the_mean_rank_of_the_maps(images: Images) -> None:
    model = small()
    found = scored("hrank", model, samples=COUNT)
    assert list(found) == ["conv1.weight", "conv2.weight"]
    for layer in ("conv1", "conv2"):
        ranks = np.linalg.matrix_rank(leaving(model)[layer].relu().numpy())
        assert flat(found, layer).numpy() == pytest.approx(ranks.mean(0), rel=1e-5)
    made = plan(state(model).scene(quiet), Prune(scorer="hrank", granularity="channel", options={"samples": 10}))
    assert "fc1.weight" not in made.layout.groups and "feature map" in made.layout.skipped["fc1.weight"]


def test_ranks_that_are_known_beforehand(images: Images) -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 1), nn.Flatten(), nn.Linear(4 * 784, 10)).eval()
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([1.0, 0.0, 0.0, 0.5]).view(4, 1, 1, 1))
        model[0].bias.copy_(torch.tensor([9.0, 1.0, -1.0, -9.0]))
    # Noise and a constant; a constant; nothing after a ReLU; nothing either, however lively below zero.
    assert flat(scored("hrank", model, samples=20), "0").tolist() == [28.0, 1.0, 0.0, 0.0]


def test_a_unit_fires_exactly_where_its_gelu_is_above_zero(images: Images) -> None:
    model, seen = attending(), []
    found = scored("activation_frequency", model, samples=COUNT)
    handle = model.blocks[1].fc1.register_forward_hook(lambda _, __, out: seen.append(F.gelu(out)))
    with torch.no_grad():
        model(images_of(COUNT)[0])
    handle.remove()
    assert seen[0].shape == (COUNT, 17, 12)  # images, tokens, neurons
    near(flat(found, "blocks.1.fc1"), (seen[0] > 0).double().mean((0, 1)).float())


@pytest.mark.parametrize("scorer", ["activation_frequency", "activation_mean"])
def test_permuted_channels_have_permuted_scores_and_masks(scorer: str, images: Images) -> None:
    model, order = relu_net(), torch.randperm(12, generator=torch.Generator().manual_seed(4))
    other = permuted(model, order)
    step = Prune(scorer=scorer, options={"samples": 600}, granularity="channel")
    one, two = (plan(state(net).scene(quiet), step).ranking for net in (model, other))
    assert one is not None and two is not None
    near(two.scores["1.weight"], one.scores["1.weight"][order])
    for level in (250, 333, 750):
        assert one.upto[0, level] == one.removed[0, level]  # no tie is cut through
        assert torch.equal(two.mask("1.weight", level), one.mask("1.weight", level)[order])


def test_rescaled_layers_fire_alike_and_have_means_that_scale(images: Images) -> None:
    model, factors = relu_net(), torch.tensor([0.25, 1.0, 4.0]).repeat(4)
    other = rescaled(model, factors)  # by powers of two: the same function, bit for bit
    fires, means = (
        [flat(scored(scorer, net, samples=60), "1") for net in (model, other)]
        for scorer in ("activation_frequency", "activation_mean")
    )
    assert torch.equal(*fires)
    assert torch.equal(means[0] * factors, means[1])


class Odd(nn.Module):
    """A layer that is called twice, one that shares its weight, and one norm behind both of two others."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.twice, self.tied = nn.Linear(784, 6), nn.Linear(6, 6), nn.Linear(6, 6)
        self.tied.weight = self.twice.weight
        self.left, self.right, self.norm = nn.Linear(6, 6), nn.Linear(6, 6), nn.LayerNorm(6)
        self.never, self.attention = nn.Linear(6, 6), nn.MultiheadAttention(6, 2, batch_first=True)

    def parts(self, x: Tensor) -> dict[str, list[Tensor]]:
        one = self.first(x.flatten(1))
        calls = [self.twice(one.relu())]
        calls.append(self.twice(calls[0].relu()))
        calls.append(self.tied(calls[1].relu()))
        sides = [self.norm(layer(calls[2].relu())) for layer in (self.left, self.right)]
        return {"first": [one], "twice": calls, "left": sides[:1], "right": sides[1:]}

    def forward(self, x: Tensor) -> Tensor:
        parts = self.parts(x)
        both = torch.stack([parts["left"][0], parts["right"][0]], 1)
        return self.attention(both, both, both)[0].flatten(1)


@pytest.fixture
def odd() -> Odd:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return Odd().eval()


def test_calls_are_averaged_and_a_shared_norm_is_told_apart(odd: Odd, images: Images) -> None:
    with torch.no_grad():
        parts = odd.parts(images_of(COUNT)[0])
    makes: dict[str, Callable[[Tensor], Tensor]] = {
        "activation_frequency": lambda values: (values > 0).float(),
        "activation_mean": torch.relu,
    }
    for scorer, make in makes.items():
        found = scored(scorer, odd, samples=COUNT)
        assert [name.removesuffix(".weight") for name in found] == list(parts)
        for layer, values in parts.items():
            near(flat(found, layer), make(torch.cat(values)).mean(0))
    assert {"never.weight", "attention.in_proj_weight", "attention.out_proj.weight"} <= set(prunable(odd))


def test_what_is_never_called_by_itself_is_left_alone_and_listed(odd: Odd, images: Images) -> None:
    weights = ("left", "attention.in_proj", "never")
    names = [name for name in prunable(odd) if name.rpartition(".")[0] in weights or "in_proj" in name]
    layout = Layout.singles({name: tuple(prunable(odd)[name].shape) for name in names})
    entry = scorers["activation_mean"](samples=10)
    left = _scored(layout, entry, entry.score(replace(scene(odd), layout=layout)), "this network")
    assert list(left.groups) == ["left.weight"]
    assert set(left.skipped) == {"attention.in_proj_weight", "never.weight"}
    assert all("never called by itself" in reason for reason in left.skipped.values())


def test_only_layers_that_the_units_need_are_looked_at(images: Images) -> None:
    model = small()
    layout = Layout.singles({"conv2.weight": tuple(model.conv2.weight.shape)})
    for scorer in CHANNELS:
        assert list(scored(scorer, model, samples=10)) != ["conv2.weight"]
        found = scorers[scorer](samples=10).score(replace(scene(model), layout=layout))  # type: ignore[attr-defined]
        assert list(found) == ["conv2.weight"]


def test_norms_that_were_never_measured_use_the_batch(images: Images) -> None:
    model = small(measured=False)
    x, _ = images_of(100)
    with torch.no_grad():
        batch = F.batch_norm(model.conv1(x), None, None, model.norm.weight, model.norm.bias, training=True)
    found = flat(scored("activation_frequency", model, samples=100), "conv1")
    near(found, (batch > 0).float().mean((0, 2, 3)))
    assert not torch.equal(found, (model.norm(model.conv1(x)) > 0).float().mean((0, 2, 3)))


@pytest.mark.parametrize("scorer", CHANNELS)
def test_activations_that_are_no_numbers_are_named(scorer: str, images: Images) -> None:
    model = small()
    with torch.no_grad():
        model.conv2.bias[0] = torch.inf
    with pytest.raises(BadTensor, match=r"'conv2.weight' holds NaN or infinite values"):
        scored(scorer, model, samples=10)


@pytest.mark.parametrize("scorer", CHANNELS)
def test_short_formats_give_nearly_the_same_scores(scorer: str, images: Images) -> None:
    model = small()
    right = scored(scorer, model, samples=60)
    for dtype in (torch.float64, torch.bfloat16):
        found = scored(scorer, copy.deepcopy(model).to(dtype), samples=60)
        for name, score in found.items():
            assert score.dtype == torch.float32
            torch.testing.assert_close(score, right[name], rtol=0.02, atol=0.02)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("scorer", CHANNELS)
def test_the_same_on_cuda(scorer: str, images: Images) -> None:
    model = small()
    right = scored(scorer, model, samples=60)
    for name, score in scored(scorer, copy.deepcopy(model).cuda(), samples=60).items():
        assert score.is_cuda
        torch.testing.assert_close(score.cpu(), right[name], rtol=1e-2, atol=1e-2)
