"""Schedules meet both ends, never go back, and recipes have the steps that they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.methods.recipes import iterative, redrawn, shuffled, ticket
from pruning.training.schedules import rate, rounds, zhu_gupta


@given(st.floats(0, 1), st.floats(0, 1))
def test_zhu_gupta_meets_both_ends_and_is_fast_first(final: float, initial: float) -> None:
    low, high = sorted((initial, final))
    assert zhu_gupta(0, high, low) == pytest.approx(low) and zhu_gupta(1, high, low) == pytest.approx(high)
    values = [zhu_gupta(t / 50, high, low) for t in range(-5, 56)]
    assert all(a <= b + 1e-12 for a, b in zip(values, values[1:], strict=False))
    assert zhu_gupta(0.5, high, low) >= (low + high) / 2 - 1e-12  # t^3 would lie under the middle


@given(st.sampled_from(["geometric", "linear", "cubic"]), st.integers(1, 30), st.integers(0, 1000))
def test_rounds_end_at_their_level_and_never_fall(kind: str, count: int, final: int) -> None:
    found = rounds(kind, count, final)  # type: ignore[arg-type]
    assert len(found) == count and found[-1] == final and list(found) == sorted(found) and found[0] >= 0


def test_geometric_rounds_take_the_same_share_of_what_remains() -> None:
    assert rounds("geometric", 3, 488) == (200, 360, 488)  # 20 % a round, as Frankle & Carbin
    wanted = [1000 * (1 - 0.8**k) for k in range(1, 11)]
    assert rounds("geometric", 10, round(wanted[-1])) == pytest.approx(wanted, abs=1.5)


@given(st.sampled_from(["cosine", "one_cycle", "steps", "constant"]), st.integers(1, 300), st.floats(0, 0.9))
def test_rates_lie_between_nothing_and_the_highest(kind: str, total: int, warmup: float) -> None:
    found = [rate(kind, step, total, warmup) for step in range(total)]  # type: ignore[arg-type]
    assert all(0 <= value <= 1 for value in found) and max(found) > 0
    top = found.index(max(found))
    assert found[:top] == sorted(found[:top])
    assert all(a >= b - 1e-12 for a, b in zip(found[top:], found[top + 1 :], strict=False))


@given(st.integers(1, 12), st.integers(12, 500))
def test_iterative_pruning_has_exactly_the_steps_of_one_training(count: int, total: int) -> None:
    recipe = iterative(Prune(sparsity=900), Train(steps=total), count)
    assert sum(step.steps for step in recipe if isinstance(step, Train)) == total
    assert [step.sparsity for step in recipe if isinstance(step, Prune)] == list(rounds("geometric", count, 900))


def test_controls_of_a_ticket_differ_in_one_thing_alone() -> None:
    recipe = ticket(Prune(), Train(steps=10), (500, 750))
    assert [step.kind for step in recipe] == ["train", "prune", "rewind", "train", "prune", "rewind", "train"]
    other, places = redrawn(recipe, 7), shuffled(recipe, 7)
    assert other[:-2] == recipe[:-2] and other[-1] == recipe[-1] and other[-2].redraw == 7
    assert [step.kind for step in places[-4:]] == ["prune", "shuffle", "rewind", "train"] and places[-1] == recipe[-1]
