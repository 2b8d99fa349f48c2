"""Bounds, thresholds and water-filling against brute force, a sort of everything, and scipy's root finder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from pruning.common.progress import quiet
from pruning.criteria.budget import Budget, bounds, rounded
from pruning.criteria.counts import retargeted, weights_removed
from pruning.criteria.plan import plan_of
from pruning.criteria.ranking import Ranking, counts
from pruning.network.macs import macs_per_weight
from pruning.network.scene import Scene
from pruning.network.units import Layout
from pruning.state import State
from pruning.steps.prune import Prune
from tests.helpers.networks import small, state

LEVELS = np.arange(1001)
HOW = st.sampled_from(["same", "half", "dense"])
PER_MILLE = st.sampled_from([0, 1, 250, 500, 900, 999, 1000])


def budget_of(ordered: list[np.ndarray], lower: np.ndarray, upper: np.ndarray) -> Budget:
    shapes = tuple((len(scores), 1) for scores in ordered)
    layout = Layout.singles({f"layer{i}.weight": shape for i, shape in enumerate(shapes)})
    sizes = np.array([len(scores) for scores in ordered])
    return Budget(tuple(layout.groups), LEVELS, sizes, shapes, lower, upper, tuple(ordered), layout)


@st.composite
def budgets(draw: st.DrawFn) -> Budget:
    sizes = np.array(draw(st.lists(st.integers(1, 60), min_size=1, max_size=5)))
    random = np.random.RandomState(draw(st.integers(0, 999)))
    kinds = draw(st.sampled_from([2, 5, 10**6]))  # few kinds of scores: nearly all of them tie
    ordered = [np.sort(random.randint(-kinds, kinds + 1, n).astype(np.float32)) for n in sizes]
    ends = tuple({0, len(sizes) - 1})
    limits = bounds(sizes, LEVELS, ends, draw(HOW), draw(PER_MILLE.filter(bool)), draw(PER_MILLE))
    return budget_of(ordered, *limits)


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=5), HOW, PER_MILLE.filter(bool), PER_MILLE)
def test_bounds(sizes: list[int], how: str, cap: int, floor: int) -> None:
    lower, upper = bounds(np.array(sizes), LEVELS, (0,), how, cap, floor)
    assert (lower >= 0).all() and (lower <= upper).all() and (upper <= np.array(sizes)[:, None]).all()
    assert (np.diff(lower) >= 0).all() and (np.diff(upper) >= 0).all()
    for row, size in enumerate(sizes):
        assert (1000 * upper[row] <= cap * size).all()
        assert (1000 * lower[row] <= np.minimum(floor, LEVELS) * size).all()
        assert cap == 1000 or upper[row, -1] < size  # with a cap no layer collapses
        if row or how == "same":
            assert (upper[row] == cap * size // 1000).all()
            assert (lower[row] == np.minimum(upper[row], np.minimum(floor, LEVELS) * size // 1000)).all()
    if how == "half":
        assert (2 * upper[0] <= counts(LEVELS, sizes[0])).all()
        assert (upper[0] == np.minimum(cap * sizes[0] // 1000, counts(LEVELS, sizes[0]) // 2)).all()
    if how == "dense":
        assert not upper[0].any() and not lower[0].any()


def greedy(budget: Budget) -> np.ndarray:
    """Level by level: what was removed, what must be, and then always the lowest score of a group with room."""
    removed, columns = np.zeros(len(budget.sizes), dtype=np.int64), []
    for level in range(1001):
        removed = np.maximum(removed, budget.lower[:, level])
        wanted = round(level * int(budget.sizes.sum()) / 1000)
        while removed.sum() < wanted and (removed < budget.upper[:, level]).any():
            free = np.flatnonzero(removed < budget.upper[:, level])
            removed[min(free, key=lambda row: (budget.ordered[row][removed[row]], row))] += 1
        columns.append(removed.copy())
    return np.stack(columns, 1)


@settings(max_examples=60, deadline=None)
@given(budgets())
def test_one_threshold_within_bounds_is_the_greedy_choice(budget: Budget) -> None:
    assert np.array_equal(budget.lowest(budget.ordered), greedy(budget))


@settings(max_examples=60, deadline=None)
@given(budgets())
def test_counts_are_exact_where_bounds_and_lower_levels_allow(budget: Budget) -> None:
    removed = budget.lowest(budget.ordered)
    assert (np.diff(removed) >= 0).all()
    assert (budget.lower <= removed).all() and (removed <= budget.upper).all()
    asked, before = counts(LEVELS, int(budget.sizes.sum())), np.pad(removed, ((0, 0), (1, 0)))[:, :-1]
    least = np.maximum(budget.lower, before).sum(0)
    assert np.array_equal(removed.sum(0), np.clip(asked, least, budget.upper.sum(0)))


def test_a_floor_that_takes_a_step_takes_nothing_back() -> None:
    """At level 10 the second layer must give its first unit, while only two are asked for and the first gave two."""
    scores = [np.zeros(100, np.float32), np.ones(100, np.float32)]
    budget = budget_of(scores, *bounds(np.array([100, 100]), LEVELS, (), "same", 1000, 500))
    assert budget.lowest(budget.ordered)[:, [8, 9, 10, 11]].tolist() == [[2, 2, 2, 2], [0, 0, 1, 1]]


@settings(deadline=None)
@given(budgets(), st.integers(0, 999))
def test_filling_against_a_root_finder(budget: Budget, seed: int) -> None:
    power = np.random.RandomState(seed).uniform(0.2, 3, (len(budget.sizes), 1))
    sizes, total = budget.sizes, budget.sizes.sum()
    found = budget.fill(lambda t: t**power)
    exact = np.empty(found.shape)
    for level in LEVELS:

        def removed(t: float, level: int = level) -> np.ndarray:
            return np.clip(sizes * (1 - t ** power[:, 0]), budget.lower[:, level], budget.upper[:, level])

        def gap(t: float, level: int = level) -> float:
            return removed(t).sum() - level / 1000 * total

        root = 1.0 if gap(1.0) >= 0 else 0.0 if gap(0.0) <= 0 else brentq(gap, 0, 1, xtol=1e-14)
        exact[:, level] = removed(root)
    assert (np.abs(found - np.maximum.accumulate(exact, axis=1)) <= 0.5 + 1e-4).all()
    assert (np.diff(found) >= 0).all() and (budget.lower <= found).all() and (found <= budget.upper).all()
    wanted = np.clip(LEVELS / 1000 * total, budget.lower.sum(0), budget.upper.sum(0))
    steps = (budget.lower != budget.lower[:, :1]).any() or (budget.upper != budget.upper[:, :1]).any()
    assert (np.abs(found.sum(0) - wanted) <= (1.0 if steps else 0.5) * len(sizes) + 1e-4).all()
    if not budget.bounded:
        assert not found[:, 0].any() and (found[:, 1000] == sizes).all()


@given(
    st.lists(st.integers(1, 130), min_size=1, max_size=4),
    st.sampled_from([2, 4, 8, 16, 32]),
    HOW,
    PER_MILLE.filter(bool),
    PER_MILLE,
)
def test_rounding_to_multiples(sizes: list[int], multiple: int, how: str, cap: int, floor: int) -> None:
    whole = np.array(sizes)[:, None]
    lower, upper = bounds(whole[:, 0], LEVELS, (0,), how, cap, floor)
    removed = np.clip(np.stack([counts(LEVELS, n) for n in sizes]), lower, upper)
    found = rounded(removed, whole[:, 0], multiple, lower, upper)
    kept = whole - found
    assert (np.diff(found) >= 0).all()
    assert (((kept % multiple) == 0) | (kept == whole)).all()
    assert (kept >= np.minimum(multiple, whole)).all() and (kept <= whole).all()
    assert (found <= upper).all()
    assert not found[removed == 0].any()
    free = (np.abs(kept - (whole - removed)) > multiple / 2) & (removed > 0)
    for row, level in zip(*np.nonzero(free), strict=True):  # further than the nearest: a bound, or too few units
        fits = [
            m
            for m in range(multiple, sizes[row] + 1, multiple)
            if lower[row, level] <= sizes[row] - m <= upper[row, level]
        ]
        near = whole[row, 0] - removed[row, level]
        assert not fits or min(abs(m - near) for m in fits) == abs(kept[row, level] - near)


def test_rounding_by_numbers() -> None:
    removed = np.array([[0, 1, 11, 12, 13, 20, 21, 59, 64]])
    zero, all_ = np.zeros_like(removed), np.full_like(removed, 64)
    kept = 64 - rounded(removed, np.array([64]), 8, zero, all_)
    assert kept.tolist() == [[64, 64, 56, 56, 48, 48, 40, 8, 8]]
    capped = 64 - rounded(np.minimum(removed, 53), np.array([64]), 8, zero, np.minimum(all_, 53))
    assert capped.tolist() == [[64, 64, 56, 56, 48, 48, 40, 16, 16]]  # 8 kept would be more than the cap removes
    assert rounded(np.array([[5, 20]]), np.array([20]), 32, zero[:, :2], zero[:, :2] + 20).tolist() == [[0, 0]]


def scene_of(start: State) -> Scene:
    shapes = {name: tuple(weight.shape) for name, weight in start.weights.items()}
    return Scene(start.model, start.weights, start.base, 0, quiet, layout=Layout.singles(shapes))


@pytest.mark.parametrize("target", ["parameters", "macs"])
@pytest.mark.parametrize("allocation", ["global", "uniform", "erk", "lamp"])
@pytest.mark.parametrize("granularity", ["weight", "channel"])
def test_what_is_removed_is_nearest_to_what_was_asked(granularity: str, allocation: str, target: str) -> None:
    start = state(small())
    step = Prune(granularity=granularity, allocation=allocation, allocation_options={"target": target})
    units = plan_of(start.scene(quiet), step.model_copy(update={"allocation_options": {}}))
    made = plan_of(start.scene(quiet), step)
    each = dict.fromkeys(start.order, 1.0)
    if target == "macs":
        each = macs_per_weight(start.model, start.base.model, start.order)
    cost = np.array([each[name] for name in start.order])
    whole = sum(weight.numel() * each[name] for name, weight in start.weights.items())
    possible, share = cost @ units.weights_removed / whole, cost @ made.weights_removed / whole
    assert (np.diff(share) >= 0).all() and (np.diff(made.removed) >= 0).all()
    asked = LEVELS / 1000
    best = np.abs(possible[None] - asked[:, None]).min(1)
    assert np.allclose(np.abs(share - asked), best, atol=1e-12)
    for level in (0, 300, 777, 1000):  # and the masks are those counts
        parameters = {name: tuple(p.shape) for name, p in start.model.named_parameters()}
        masks = made.layout.expanded(made.ranking.masks(level), parameters)
        gone = sum(int((~masks[name]).sum()) * each[name] for name in start.order if name in masks)
        assert gone / whole == pytest.approx(share[level])


def test_a_level_that_cannot_be_met_gives_the_most_there_is() -> None:
    scene = scene_of(state(small()))
    scores = {name: weight.abs() for name, weight in scene.weights.items()}
    sizes = np.array([weight.numel() for weight in scores.values()])
    table = np.stack([counts(LEVELS, n) for n in sizes // 2])
    made, reached = retargeted(Ranking.of(scores, lambda _: table), table, scene, "parameters")
    assert reached == 500 and retargeted(made, table, scene, "parameters", 300)[1] in (150, 151)
    assert (made.removed[:, 1000] == sizes // 2).all() and not made.removed[:, 0].any()
    assert abs(made.removed[:, 300].sum() - 0.3 * sizes.sum()) <= 2
    assert np.array_equal(weights_removed(replace(scene), made), made.removed)
