"""Controls: what a shuffled and an inverted criterion keep, whatever they wrap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pruning.common.errors import Incompatible, PruningError
from pruning.common.progress import quiet
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import Scorer, scorers
from pruning.criteria.plan import plan
from pruning.criteria.ranking import Ranking, counts
from pruning.steps.prune import Prune
from tests.helpers.brute import relu_net
from tests.helpers.invented import Images
from tests.helpers.networks import network, same, small, state

WRAPPED = [n for n in scorers if issubclass(scorers[n], Scorer) and "of" not in scorers[n].model_fields]
CONTROLS = ["shuffled", "inverted"]
LOOKS_AT_PLACES = {"sensitivity"}
"""Allocations that try out which units go, not how many: a shuffled criterion has shares of its own there."""


def ranking(model: nn.Module, scorer: str, of: str = "", granularity: str = "weight", **more: Any) -> Ranking:
    options = {"of": of} if of else {}
    made = plan(state(model).scene(quiet), Prune(scorer=scorer, options=options, granularity=granularity, **more))
    assert made.ranking is not None
    return made.ranking


def ordered(scores: torch.Tensor) -> list[float]:
    return scores.flatten().sort().values.tolist()


@pytest.mark.parametrize("of", WRAPPED)
def test_controls_have_the_scores_of_what_they_wrap(of: str, images: Images) -> None:
    granularity = granularities_for(of)[-1 if of != "synflow" else 0]  # SynFlow knows no attention
    own = ranking(network(granularity, scorer=of), of, granularity=granularity)
    mixed = ranking(network(granularity, scorer=of), "shuffled", of, granularity)
    turned = ranking(network(granularity, scorer=of), "inverted", of, granularity)
    assert own.layers == mixed.layers == turned.layers
    for name, scores in own.scores.items():
        assert ordered(mixed.scores[name]) == ordered(scores)
        assert torch.equal(turned.scores[name], -scores)


@pytest.mark.parametrize("allocation", [a for a in allocations_for("shuffled", "weight") if a not in LOOKS_AT_PLACES])
def test_shuffled_keeps_as_much_of_each_layer_at_every_level_at_other_places(allocation: str, images: Images) -> None:
    own = ranking(small(), "magnitude_l1", allocation=allocation)
    mixed = ranking(small(), "shuffled", "magnitude_l1", allocation=allocation)
    assert own.removed.shape == (4, 1001) and (own.removed == mixed.removed).all()
    for level in (100, 500, 900):
        for row, (name, kept) in enumerate(own.masks(level).items()):
            left = own.sizes[row] - own.removed[row, level]
            assert int(kept.sum()) == int(mixed.mask(name, level).sum()) == left
    assert not any(torch.equal(kept, mixed.mask(name, 500)) for name, kept in own.masks(500).items())


@pytest.mark.parametrize("granularity", [g for g in granularities_for("shuffled") if g not in ("n_m", "weight")])
def test_whole_units_change_places(granularity: str) -> None:
    own = ranking(network(granularity), "magnitude_l1", granularity=granularity)
    mixed = ranking(network(granularity), "shuffled", granularity=granularity, seed=2)
    assert (own.removed == mixed.removed).all() and not same(own.scores, mixed.scores)
    assert all(ordered(mixed.scores[name]) == ordered(scores) for name, scores in own.scores.items())


def test_every_place_is_as_likely_and_no_two_seeds_are_alike() -> None:
    model = relu_net()
    masks = [ranking(model, "shuffled", seed=seed).mask("3.weight", 500) for seed in range(120)]
    assert len({tuple(mask.flatten().tolist()) for mask in masks}) == 120
    share = ranking(model, "magnitude_l1").mask("3.weight", 500).float().mean()
    found = torch.stack(masks).float().mean(0)
    spread = float((share * (1 - share) / 120).sqrt())
    assert float((found - share).abs().max()) < 4.5 * spread  # 120 places
    assert float(found.std()) == pytest.approx(spread, rel=0.25)
    own = ranking(model, "magnitude_l1").mask("3.weight", 500).float()
    assert abs(float(torch.corrcoef(torch.stack([found.flatten(), own.flatten()]))[0, 1])) < 0.35


@pytest.mark.parametrize("allocation", ["global", "uniform"])
def test_inverted_keeps_what_the_criterion_itself_gives_up(allocation: str) -> None:
    own = ranking(small(), "magnitude_l1", allocation=allocation)
    turned = ranking(small(), "inverted", "magnitude_l1", allocation=allocation)
    layers = {name: scores.flatten().numpy() for name, scores in own.scores.items()}
    assert all(len(np.unique(scores)) == len(scores) for scores in layers.values())  # nothing ties
    every = np.sort(np.concatenate(list(layers.values())))
    for level in (0, 1, 123, 500, 750, 999, 1000):
        gone = int(counts(np.array([level]), len(every))[0])
        for row, (name, scores) in enumerate(layers.items()):
            if allocation == "global":
                kept = scores < (every[len(every) - gone] if gone else np.inf)
            else:
                kept = np.ones(len(scores), dtype=bool)
                kept[np.argsort(-scores)[: turned.removed[row, level]]] = False
            assert (turned.mask(name, level).flatten().numpy() == kept).all()
    assert all(torch.equal(turned.mask(name, 500), ~kept) for name, kept in own.masks(500).items())


@pytest.mark.parametrize("first", ["magnitude_l1", "random"])
def test_what_is_masked_stays_and_the_rest_is_mixed_among_itself(first: str) -> None:
    once = state(small()).after(Prune(scorer=first, sparsity=500), "once", quiet)
    plans = {}
    for scorer in ("magnitude_l1", *CONTROLS):
        made = plan(once.scene(quiet), Prune(scorer=scorer, sparsity=800)).ranking
        assert made is not None
        plans[scorer] = made
        assert not any((made.mask(name, 800) & ~mask).any() for name, mask in once.masks.items())
        assert made.removed[:, 800].sum() == round(0.8 * made.sizes.sum())
    assert (plans["shuffled"].removed == plans["magnitude_l1"].removed).all()
    assert not same(plans["shuffled"].masks(800), plans["magnitude_l1"].masks(800))
    for name, mask in once.masks.items():
        left = plans["magnitude_l1"].scores[name][mask]
        assert ordered(plans["shuffled"].scores[name][mask]) == ordered(left)
        assert torch.equal(plans["inverted"].scores[name][mask], -left)


@pytest.mark.parametrize("control", CONTROLS)
def test_controls_go_where_the_wrapped_criterion_goes(control: str) -> None:
    for of in WRAPPED:
        assert granularities_for(control, {"of": of}) == granularities_for(of)
        for granularity in granularities_for(control, {}):
            if granularity not in granularities_for(of):
                with pytest.raises(Incompatible, match="as a whole"):
                    Prune(scorer=control, options={"of": of}, granularity=granularity)


@pytest.mark.parametrize("control", CONTROLS)
def test_controls_wrap_scores_and_nothing_else(control: str) -> None:
    refused = {"snipp": "snipp", "": "''"}
    refused |= {name: "wraps another" for name in CONTROLS}
    refused |= {n: "is a solver" for n in scorers if not issubclass(scorers[n], Scorer)}
    assert len(refused) >= 6
    for of, said in refused.items():
        with pytest.raises(PruningError, match=said) as caught:
            Prune(scorer=control, options={"of": of})
        assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    assert Prune(scorer=control, options={"of": "magnitude_l1"}) == Prune(scorer=control)


def test_controls_leave_alone_what_the_wrapped_criterion_leaves_alone(images: Images) -> None:
    lists = []
    for scorer, options in (("hrank", {}), *((control, {"of": "hrank"}) for control in CONTROLS)):
        made = plan(state(small()).scene(quiet), Prune(scorer=scorer, options=options, granularity="channel"))
        lists.append((list(made.layout.groups), made.layout.skipped))
    assert lists[0] == lists[1] == lists[2] and "fc1.weight" in lists[0][1]
