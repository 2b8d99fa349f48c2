"""Every registered scorer with every granularity and allocation: counts, shapes, and the same again."""

from __future__ import annotations

import itertools

import pytest
import torch

from pruning import registry
from pruning.criterion import rank
from pruning.entries import quiet
from pruning.specs import Prune
from pruning.steps.prune import apply
from tests.core.conftest import Images
from tests.core.networks import options_of, same, small, state

KINDS = (registry.scorers, registry.granularities, registry.allocations)
COMBINATIONS = pytest.mark.parametrize(("scorer", "granularity", "allocation"), list(itertools.product(*KINDS)))


def step(scorer: str, granularity: str, allocation: str, level: int = 500) -> Prune:
    return Prune(
        scorer=scorer, options=options_of(scorer), granularity=granularity, allocation=allocation, sparsity=level
    )


@COMBINATIONS
def test_counts_shapes_and_the_same_again(scorer: str, granularity: str, allocation: str, images: Images) -> None:
    ranking = rank(state(small()), step(scorer, granularity, allocation), quiet)
    again = rank(state(small()), step(scorer, granularity, allocation), quiet)
    total, layers = int(ranking.sizes.sum()), len(ranking.layers)
    assert (ranking.removed == again.removed).all()
    for level in (0, 1, 333, 500, 667, 999, 1000):
        masks = ranking.masks(level)
        assert same(masks, again.masks(level))
        removed = sum(int((~mask).sum()) for mask in masks.values())
        assert removed == ranking.removed[:, level].sum()
        assert abs(removed - level * total / 1000) <= 0.5 * (1 if allocation == "global" else layers)
        for name, mask in masks.items():
            assert mask.dtype == torch.bool and mask.shape == ranking.scores[name].shape
            assert torch.isfinite(ranking.scores[name]).all()


@COMBINATIONS
def test_the_state_after_it(scorer: str, granularity: str, allocation: str, images: Images) -> None:
    start = state(small())
    weights = {name: weight.clone() for name, weight in start.weights.items()}
    after = apply(step(scorer, granularity, allocation), start, "after", quiet)
    assert same(start.weights, weights) and not start.masks  # the state before stays as it was
    assert after.parent is start and after.start is start and list(after.masks) == list(after.order)
    for name, mask in after.masks.items():
        assert mask.shape == weights[name].shape
        assert torch.equal(after.weights[name], torch.where(mask, weights[name], 0.0))
    others = {n: p for n, p in start.model.state_dict().items() if n not in weights}
    assert all(torch.equal(after.model.state_dict()[n], p) for n, p in others.items())
    assert not after.model.training


@pytest.mark.parametrize("scorer", list(registry.scorers))
def test_a_seed_changes_the_masks_of_scorers_that_draw_and_of_no_other(scorer: str, images: Images) -> None:
    one, two = (rank(state(small()), Prune(scorer=scorer, options=options_of(scorer), seed=s), quiet) for s in (0, 1))
    assert same(one.masks(500), two.masks(500)) is not registry.scorers[scorer].draws


@pytest.mark.parametrize("scorer", list(registry.scorers))
def test_scores_have_the_shape_of_the_weights(scorer: str, images: Images) -> None:
    start = state(small())
    ranking = rank(start, Prune(scorer=scorer, options=options_of(scorer)), quiet)
    assert ranking.layers == start.order
    assert {n: s.shape for n, s in ranking.scores.items()} == {n: w.shape for n, w in start.weights.items()}


def test_all_zero_weights_are_still_counted_exactly() -> None:
    model = small()
    for name, weight in state(model).weights.items():
        weight.zero_()
        if name == "fc1.weight":
            weight.fill_(-0.0)
    ranking = rank(state(model), Prune(), quiet)
    assert sum(int((~m).sum()) for m in ranking.masks(731).values()) == round(0.731 * int(ranking.sizes.sum()))


def test_a_layer_of_small_weights_collapses_globally_and_not_uniformly() -> None:
    model = small()
    with torch.no_grad():
        model.fc1.weight.mul_(1e-3)
    left = {}
    for allocation in ("global", "uniform"):
        after = apply(Prune(allocation=allocation, sparsity=700), state(model), allocation, quiet)
        left[allocation] = int(after.masks["fc1.weight"].sum())
    assert left == {"global": 0, "uniform": 12 * 32 - round(0.7 * 12 * 32)}
