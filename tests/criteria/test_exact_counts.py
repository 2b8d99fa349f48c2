"""Counts are exact whatever ties there are, and what is masked stays masked, round after round, by every criterion."""

from __future__ import annotations

import pytest
import torch

from pruning.common.errors import Incompatible
from pruning.common.progress import quiet
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import granularities, scorers
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.study.methods.tickets import Experiment
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import network, options_of, small, state

UNITS = [(s, g) for s in scorers for g in granularities_for(s) if (s, g) != ("synflow", "head")]


def step(scorer: str, granularity: str, level: int, allocation: str = "") -> Prune:
    return Prune(
        scorer=scorer,
        options=options_of(scorer),
        granularity=granularity,
        granularity_options={"m": 2} if granularity == "n_m" else {},
        allocation=allocation or allocations_for(scorer, granularity)[0],
        sparsity=level,
    )


@pytest.mark.parametrize("level", [1, 333, 500, 999])
@pytest.mark.parametrize("allocation", ["global", "uniform", "erk", "lamp"])
@pytest.mark.parametrize("granularity", ["weight", "block", "kernel", "channel"])
def test_equal_scores_are_counted_exactly(granularity: str, allocation: str, level: int) -> None:
    model = small()
    with torch.no_grad():
        for weight in state(model).weights.values():
            weight.fill_(0.5)
    after = state(model).after(step("magnitude_l1", granularity, level, allocation), "after", quiet)
    made = after.plan
    assert made is not None and made.ranking is not None
    units = [int((~mask).sum()) for mask in made.ranking.masks(level).values()]
    assert units == made.removed[:, level].tolist()
    total = sum(group.count for group in made.layout.groups.values())
    assert abs(sum(units) - level * total / 1000) <= (0.5 if allocation == "global" else 0.5 * len(units))
    gone = [int((~after.masks[n]).sum()) if n in after.masks else 0 for n in after.order]
    assert gone == made.weights_removed[:, level].tolist()


@pytest.mark.parametrize(("scorer", "granularity"), UNITS)
def test_masked_entries_stay_masked_through_rounds(scorer: str, granularity: str, images: Images) -> None:
    after = state(network(granularity, scorer=scorer))
    for number, level in enumerate((250, 500, 750, 400)):
        before, masks = after, after.masks
        try:
            after = before.after(step(scorer, granularity, level), f"round {number}", quiet)
        except Incompatible as error:
            assert scorer == "synflow" and "a layer is empty" in str(error) and number > 1
            return
        for name, mask in masks.items():
            assert not (after.masks[name] & ~mask).any(), name
        assert after.plan is not None
        gone = [int((~after.masks[n]).sum()) if n in after.masks else 0 for n in after.order]
        assert gone == after.plan.weights_removed[:, level].tolist()
        for name, parameter in after.model.named_parameters():
            assert name not in after.masks or not parameter[~after.masks[name]].any(), name


def test_every_entry_of_the_registry_was_tried() -> None:
    assert {s for s, _ in UNITS} == set(scorers) and {g for _, g in UNITS} == set(granularities)


@pytest.mark.parametrize("model", ["lenet_300_100", "lenet_5"])
def test_rounds_of_a_lottery_remove_exact_counts(model: str) -> None:
    """Every layer the same share of what it has left, the last half of it: Frankle & Carbin 2019."""
    after, prune = state_of(Base(model=model), ()), Experiment(model=model).prune
    total = sum(weight.numel() for weight in after.weights.values())
    for number in range(1, 16):
        before, level = after, round(1000 * (1 - 0.8**number))
        after = before.after(prune.model_copy(update={"sparsity": level}), f"round {number}", quiet)
        gone = [int((~mask).sum()) for mask in after.masks.values()]
        assert after.plan is not None and gone == after.plan.weights_removed[:, level].tolist()
        assert sum(gone) == pytest.approx(level * total / 1000, abs=0.5 * len(gone))
        assert all(not (after.masks[n] & ~mask).any() for n, mask in before.masks.items())
