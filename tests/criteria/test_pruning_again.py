"""Several pruning steps: what is masked stays masked, and levels are of the whole network."""

from __future__ import annotations

import pytest
import torch

from pruning.common.progress import Desk, quiet
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import scorers
from pruning.measures.kinds import measures
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import options_of, same, small, state

ALL = 61470
LENET = Base(model="lenet_5")


def removed(after: State) -> int:
    return sum(int((~mask).sum()) for mask in after.masks.values())


def prune(scorer: str, level: int, allocation: str = "global") -> Prune:
    return Prune(scorer=scorer, options=options_of(scorer), sparsity=level, allocation=allocation, seed=4)


GLOBAL = [s for s in scorers if "weight" in granularities_for(s) and "global" in allocations_for(s, "weight")]


@pytest.mark.parametrize("scorer", [scorer for scorer in GLOBAL if scorer != "synflow"])  # small() has a tanh
@pytest.mark.parametrize("first", ["magnitude_l1", "random"])
def test_masked_weights_stay_masked_at_a_higher_level(first: str, scorer: str, images: Images) -> None:
    once = state(small()).after(prune(first, 500), "once", quiet)
    twice = once.after(prune(scorer, 800), "twice", quiet)
    for name, mask in once.masks.items():
        assert not (twice.masks[name] & ~mask).any()
        assert not twice.weights[name][~twice.masks[name]].any()
    total = sum(mask.numel() for mask in once.masks.values())
    assert (removed(once), removed(twice)) == (round(0.5 * total), round(0.8 * total))


def test_levels_are_of_the_whole() -> None:
    twice = state_of(LENET, (prune("random", 500), prune("magnitude_l1", 800)))
    assert removed(twice) == round(0.8 * ALL)
    assert removed(twice.parent) == round(0.5 * ALL)


def test_a_weight_that_was_masked_goes_before_a_smaller_one_that_was_not() -> None:
    """Scores of -|w| would rank a masked weight (0) highest: it must be lowest all the same."""
    once = state(small()).after(prune("magnitude_l1", 500), "once", quiet)
    entries = scorers._entries

    class Least(scorers["magnitude_l1"]):
        def score(self, scene: object) -> dict[str, torch.Tensor]:
            return {name: -score for name, score in super().score(scene).items()}

    before = entries["magnitude_l1"]
    entries["magnitude_l1"] = Least
    try:
        twice = once.after(prune("magnitude_l1", 700), "twice", quiet)
    finally:
        entries["magnitude_l1"] = before
    assert all(not (twice.masks[n] & ~mask).any() for n, mask in once.masks.items())
    total = sum(mask.numel() for mask in once.masks.values())
    assert removed(twice) == round(0.7 * total)


@pytest.mark.parametrize("level", [0, 300, 500])
def test_a_lower_level_revives_nothing(level: int) -> None:
    once = state_of(LENET, (prune("magnitude_l1", 500),))
    twice = state_of(LENET, (prune("magnitude_l1", 500), prune("random", level)))
    assert same(once.masks, twice.masks)
    assert same(once.weights, twice.weights)


@pytest.mark.parametrize("allocation", ["global", "uniform"])
@pytest.mark.parametrize("level", [0, 400, 600, 990])
def test_the_profile_of_a_second_step_says_what_is_masked(allocation: str, level: int) -> None:
    twice = state_of(LENET, (prune("magnitude_l1", 500), prune("random", level, allocation)))
    profile = measures["profile"]().measure(twice, Desk())
    found = [int((~twice.masks[name]).sum()) for name in twice.order]
    assert [row[level] for row in profile["removed"]] == found


def test_many_small_rounds_are_exact_and_nested() -> None:
    after = state(small())
    total = sum(weight.numel() for weight in after.weights.values())
    for number in range(1, 11):
        before, level = after.masks, round(1000 * (1 - 0.8**number))
        after = after.after(prune("magnitude_l1", level, "uniform"), f"round {number}", quiet)
        assert removed(after) == sum(round(level * m.numel() / 1000) for m in after.masks.values())
        assert all(not (after.masks[n] & ~mask).any() for n, mask in before.items())
    assert removed(after) == pytest.approx(0.893 * total, abs=3)


def test_a_state_knows_its_steps() -> None:
    recipe = (prune("magnitude_l1", 500), prune("random", 800))
    twice = state_of(LENET, recipe)
    assert twice.recipe == recipe and twice.parent.recipe == recipe[:1] and twice.start.recipe == ()
    assert twice.start.key == LENET.state_key() and twice.key == LENET.state_key(recipe)
