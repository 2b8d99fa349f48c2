"""Every registered criterion with every granularity and allocation that it goes with: counts, the same again, no trace.

Nothing here knows a criterion by name but SynFlow, whose assumptions attention does not meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pruning.common.errors import Incompatible
from pruning.common.progress import quiet
from pruning.criteria.compatibility import allocations_for, fits, granularities_for, refusal
from pruning.criteria.kinds import Scorer, allocations, granularities, scorers
from pruning.criteria.plan import rank
from pruning.criteria.ranking import counts
from pruning.network.units import Layout
from pruning.state import State
from pruning.steps.prune import Prune
from tests.helpers.invented import Images
from tests.helpers.networks import network, options_of, same, small, snapshot, state, untouched

UNITS = [(s, g, allocations_for(s, g)[0]) for s in scorers for g in granularities_for(s)]
SHARED = (
    ("magnitude_l1", "weight"),
    ("wanda", "weight"),
    ("taylor_abs_sum", "channel"),
    ("snip", "head"),
    ("block_influence", "layer_block"),
    ("inverted", "block"),
)
SHARES = [(s, g, a) for s, g in SHARED for a in allocations_for(s, g)]
COMBINATIONS = pytest.mark.parametrize(("scorer", "granularity", "allocation"), [*dict.fromkeys([*UNITS, *SHARES])])
LEVELS = (0, 1, 333, 500, 750, 999, 1000)


def step(scorer: str, granularity: str, allocation: str, level: int = 500) -> Prune:
    known = allocations[allocation].model_fields
    options = {"count": 60} if allocation == "sensitivity" else {"samples": 30} if "samples" in known else {}
    return Prune(
        scorer=scorer,
        options=options_of(scorer),
        granularity=granularity,
        allocation=allocation,
        sparsity=level,
        allocation_options=options,
    )


@dataclass(frozen=True)
class Done:
    """The state after a step, its weights before, and what the step did to the network that it was given."""

    after: State
    before: dict[str, Tensor]
    traces: list[str]


DONE: dict[tuple[str, str, str], Done] = {}


def done(scorer: str, granularity: str, allocation: str) -> Done:
    """The step at 500 per mille, done once; what its network cannot be scored by is passed over."""
    key = (scorer, granularity, allocation)
    if key not in DONE:
        DONE[key] = _do(*key)
    return DONE[key]


def _do(scorer: str, granularity: str, allocation: str, key: str = "start") -> Done:
    start = state(network(granularity, scorer=scorer), key=key)
    numbers, rest = snapshot(start.model), untouched(start.model)
    try:
        after = start.after(step(scorer, granularity, allocation), "after", quiet)
    except Incompatible as error:
        assert (scorer, granularity) == ("synflow", "head"), error
        pytest.skip(str(error))
    traces = [
        said
        for said, clean in (
            ("the numbers of the network", same(snapshot(start.model), numbers)),
            ("its modes, hooks, flags or generators", untouched(start.model) == rest),
            ("the masks of the state before", not start.masks),
        )
        if not clean
    ]
    return Done(after, numbers, traces)


def expanded(layout: Layout, kept: dict[str, np.ndarray], model: nn.Module) -> dict[str, np.ndarray]:
    """Masks of all parameters, entry by entry: kept where no unit that holds the entry is removed."""
    shapes, masks = {n: tuple(p.shape) for n, p in model.named_parameters(remove_duplicate=False)}, {}
    for name, group in layout.groups.items():
        gone = np.flatnonzero(~kept[name].ravel())
        for member in group.members:
            shape = shapes[member.parameter]
            if member.unit is None:
                unit = np.arange(group.count).reshape(shape)
            else:
                unit = np.broadcast_to(member.unit.numpy(), shape)
            mask = masks.setdefault(member.parameter, np.ones(shape, dtype=bool))
            mask &= ~np.isin(unit, gone)
    return masks


@COMBINATIONS
def test_units_at_every_level(scorer: str, granularity: str, allocation: str, images: Images) -> None:
    plan = done(scorer, granularity, allocation).after.plan
    assert plan is not None
    sizes = np.array([group.count for group in plan.layout.groups.values()])
    assert (plan.removed[:, 0] == 0).all() and (plan.removed[:, 1000] == sizes).all()
    assert (np.diff(plan.removed, axis=1) >= 0).all()
    levels = np.arange(1001)
    asked = levels * sizes.sum() / 1000
    if allocation == "global":
        assert (plan.removed.sum(0) == counts(levels, int(sizes.sum()))).all()
    elif (m := plan.layout.pattern) is not None:
        assert (plan.removed % (sizes[:, None] // m) == 0).all()  # whole k of M everywhere
        assert (plan.removed.sum(0) <= asked).all()  # m is 4, whose patterns are whole per mille
    else:
        assert (abs(plan.removed.sum(0) - asked) <= 0.5 * len(sizes)).all()


@COMBINATIONS
def test_masks_of_all_parameters(scorer: str, granularity: str, allocation: str, images: Images) -> None:
    made = done(scorer, granularity, allocation)
    plan, model = made.after.plan, made.after.model
    assert plan is not None
    if plan.ranking is None:
        for row, name in enumerate(plan.layout.groups):
            assert int((~made.after.masks[name]).sum()) == plan.removed[row, 500]
        gone = [int((~made.after.masks[n]).sum()) if n in made.after.masks else 0 for n in plan.scene.weights]
        assert gone == plan.weights_removed[:, 500].tolist()
        return
    before: dict[str, np.ndarray] = {}
    for level in LEVELS:
        units = {name: mask.numpy() for name, mask in plan.ranking.masks(level).items()}
        assert [int((~kept).sum()) for kept in units.values()] == plan.removed[:, level].tolist()
        masks = expanded(plan.layout, units, model)
        gone = [int((~masks[n]).sum()) if n in masks else 0 for n in plan.scene.weights]
        assert gone == plan.weights_removed[:, level].tolist()
        assert not any((mask & ~before[name]).any() for name, mask in masks.items() if name in before), "not nested"
        before = masks
        if level == 500:
            assert list(masks) == list(made.after.masks)
            assert all((made.after.masks[name].numpy() == mask).all() for name, mask in masks.items())


@COMBINATIONS
def test_the_state_after_it_and_the_one_before(scorer: str, granularity: str, allocation: str, images: Images) -> None:
    made = done(scorer, granularity, allocation)
    assert not made.traces
    now = {**dict(made.after.model.named_buffers()), **dict(made.after.model.named_parameters())}
    assert made.after.masks and not made.after.model.training
    for name, tensor in now.items():
        mask = made.after.masks.get(name, torch.tensor(True))
        assert not tensor[~mask.expand(tensor.shape)].any()
        if name not in made.after.masks or issubclass(scorers[scorer], Scorer):
            assert torch.equal(tensor, torch.where(mask, made.before[name], torch.zeros_like(tensor)))


@COMBINATIONS
def test_the_same_seed_gives_the_same(scorer: str, granularity: str, allocation: str, images: Images) -> None:
    made = done(scorer, granularity, allocation)
    again = _do(scorer, granularity, allocation, "another key, so that nothing is remembered").after
    assert again.plan is not made.after.plan
    assert same(again.masks, made.after.masks)
    assert same(snapshot(again.model), snapshot(made.after.model))


@pytest.mark.parametrize("scorer", list(scorers))
def test_a_seed_tells_for_criteria_that_draw_and_for_no_other(scorer: str, images: Images) -> None:
    granularity = granularities_for(scorer)[0]
    made = step(scorer, granularity, allocations_for(scorer, granularity)[0])
    found = []
    for seed in (0, 1):
        start = state(network(granularity, scorer=scorer))
        after = start.after(made.model_copy(update={"seed": seed}), "after", quiet)
        assert after.plan is not None
        ranking = after.plan.ranking
        found.append({**after.masks, **snapshot(after.model)} if ranking is None else ranking.scores)
    # Inverted takes a seed for the sake of what it wraps, and magnitude draws nothing.
    assert same(*found) is (not scorers[scorer].draws or scorer == "inverted")


def test_what_does_not_go_together_is_refused_with_a_sentence() -> None:
    for scorer in scorers:
        for granularity in granularities:
            for allocation in allocations:
                reason = refusal(scorer, granularity, allocation, {}, {})
                if reason is None:
                    Prune(scorer=scorer, granularity=granularity, allocation=allocation)
                    continue
                assert reason.endswith(".") and len(reason) > 30
                with pytest.raises(Incompatible) as caught:
                    Prune(scorer=scorer, granularity=granularity, allocation=allocation)
                assert str(caught.value) == reason


def test_every_criterion_granularity_and_allocation_goes_with_some() -> None:
    tried = {*UNITS, *SHARES}
    assert {s for s, _, _ in tried} == set(scorers)
    assert {g for _, g, _ in tried} == set(granularities)
    assert {a for _, _, a in tried} == set(allocations)
    assert all(fits(s, g) is None for s, g, _ in tried)


def test_all_zero_weights_are_still_counted_exactly() -> None:
    model = small()
    for name, weight in state(model).weights.items():
        weight.zero_()
        if name == "fc1.weight":
            weight.fill_(-0.0)
    ranking = rank(state(model).scene(quiet), Prune())
    assert sum(int((~m).sum()) for m in ranking.masks(731).values()) == round(0.731 * int(ranking.sizes.sum()))


def test_a_layer_of_small_weights_collapses_globally_and_not_uniformly() -> None:
    model = small()
    with torch.no_grad():
        model.fc1.weight.mul_(1e-3)
    left = {}
    for allocation in ("global", "uniform"):
        after = state(model).after(Prune(allocation=allocation, sparsity=700), allocation, quiet)
        left[allocation] = int(after.masks["fc1.weight"].sum())
    assert left == {"global": 0, "uniform": 12 * 32 - round(0.7 * 12 * 32)}
