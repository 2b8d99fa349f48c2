"""Several pruning steps: what is masked stays masked, and levels are of the whole network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pruning.common.hashing import digest
from pruning.common.progress import Desk, quiet
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import scorers
from pruning.measures.kinds import measures
from pruning.network.macs import macs_per_weight
from pruning.results.table import table
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.study.run import run
from pruning.study.study import Cell, MeasureSpec, Study
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


UNITS = ["weight", "n_m", "block", "kernel", "channel"]


def step_of(granularity: str, level: int, scorer: str = "random", **options: object) -> Prune:
    return Prune(
        scorer=scorer,
        options=options_of(scorer),
        granularity=granularity,
        granularity_options={"m": 2} if granularity == "n_m" else {},
        allocation="uniform",
        allocation_options=options,
        sparsity=level,
    )


def counted(after: State) -> list[int]:
    """Entries of each prunable weight that the masks hold, in forward order."""
    return [int((~after.masks[n]).sum()) if n in after.masks else 0 for n in after.order]


@pytest.mark.parametrize("second", UNITS)
@pytest.mark.parametrize("first", UNITS)
def test_a_profile_counts_what_steps_of_other_units_masked(first: str, second: str) -> None:
    once = state(small()).after(step_of(first, 500), "once", quiet)
    profile = measures["profile"]().measure(once.after(step_of(second, 0), "0", quiet), Desk())
    for level in (0, 250, 500, 750, 1000):
        twice = once.after(step_of(second, level), f"{level}", quiet)
        assert [row[level] for row in profile["removed"]] == counted(twice), level


@pytest.mark.parametrize("solver", ["wanda", "sparse_gpt", "obc"])
@pytest.mark.parametrize("second", ["weight", "n_m"])
@pytest.mark.parametrize("first", ["weight", "channel"])
def test_a_solver_s_profile_counts_them_too(first: str, second: str, solver: str, images: Images) -> None:
    once = state(small()).after(step_of(first, 400), "once", quiet)
    for level in (0, 500, 1000):
        twice = once.after(step_of(second, level, solver), f"{level}", quiet)
        profile = measures["profile"]().measure(twice, Desk())
        assert [row[level] for row in profile["removed"]] == counted(twice), level


def test_the_profile_of_a_step_after_a_training_that_masks(images: Images) -> None:
    during = {"final": 600, "every": 1}
    train = Train(steps=3, batch=20, validation=0, looks=1, during="gradual", during_options=during)
    trained = state(small()).after(train, "trained", quiet)
    twice = trained.after(step_of("kernel", 500), "twice", quiet)
    profile = measures["profile"]().measure(twice, Desk())
    assert [row[500] for row in profile["removed"]] == counted(twice) and counted(twice)[-1]


def test_channels_then_kernels_of_lenet_5_in_the_table() -> None:
    recipe = (Prune(granularity="channel", sparsity=500), Prune(granularity="kernel", sparsity=750))
    study = Study(base=LENET, recipe=recipe, measures=(MeasureSpec(name="profile"),))
    (line,) = table(run(study), study).to_dict("records")
    assert (line["weights_removed"], line["prunable_weights"]) == (44_300, ALL)


@pytest.mark.parametrize("target", ["parameters", "macs"])
def test_a_target_counts_what_is_masked_already(target: str) -> None:
    once = state(small()).after(step_of("kernel", 500), "once", quiet)
    twice = once.after(step_of("channel", 700, target=target), "twice", quiet)
    each = list(macs_per_weight(twice.model, twice.base.model, twice.order).values()) if target == "macs" else [1] * 4
    cost = np.array([[e, w.numel()] for e, w in zip(each, twice.weights.values(), strict=True)])
    every = measures["profile"]().measure(once.after(step_of("channel", 0), "units", quiet), Desk())["removed"]
    possible = cost[:, 0] @ np.array(every) / cost.prod(1).sum()
    share = cost[:, 0] @ np.array(counted(twice)) / cost.prod(1).sum()
    assert abs(share - 0.7) <= np.abs(possible - 0.7).min() + 1e-9


def test_only_profiles_over_other_masks_have_new_keys() -> None:
    def key(*recipe: Prune | Train) -> str:
        return Cell(base=Base(mark="init"), recipe=recipe, coordinates={}).measure_key(MeasureSpec(name="profile"))

    def old(*recipe: Prune | Train) -> str:
        ranked = (*recipe[:-1], recipe[-1].model_copy(update={"sparsity": 0}))
        return digest("measure", Base(mark="init").state_key(ranked), MeasureSpec(name="profile"))

    weights, channels, kernels = (step_of(name, 500) for name in ("weight", "channel", "kernel"))
    gradual = Train(steps=3, during="gradual")
    for same_as_ever in ((channels,), (channels, weights), (channels, channels), (gradual, weights)):
        assert key(*same_as_ever) == old(*same_as_ever)
    for other in ((weights, channels), (channels, kernels), (gradual, channels)):
        assert key(*other) != old(*other)
    aimed = step_of("channel", 500, target="macs")
    assert aimed.key_part() == aimed.key_part((channels,)) != aimed.key_part((weights,))
    assert aimed.key_part((weights,))[3] == {"allocation": 2}


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
