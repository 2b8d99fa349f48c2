"""Labels and outputs in different orders are told from networks that are merely bad."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning.results.failures.answers import Answers
from pruning.results.failures.class_order import order_sentence, renaming


def answers(seed: int, classes: int, count: int, hit: float, order: list[int]) -> Answers:
    """Of a network that is right so often, but for the order of its outputs."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, count)
    meant = np.where(draw.random(count) < hit, labels, draw.integers(0, classes, count))
    return Answers(labels, np.array(order)[meant])


@given(st.integers(0, 50), st.integers(2, 5), st.floats(0, 1))
@settings(max_examples=30)
def test_the_renaming_is_the_best_of_all(seed: int, classes: int, hit: float) -> None:
    seen = answers(seed, classes, 200, hit, list(range(classes)))
    found = renaming(seen)
    assert sorted(found) == list(range(classes)) and len(set(found.values())) == classes
    ours = sum(int(answer == found[label]) for label, answer in zip(seen.labels, seen.answers, strict=True))
    best = max(
        int((np.array(order)[seen.labels] == seen.answers).sum()) for order in itertools.permutations(range(classes))
    )
    assert ours == best


@pytest.mark.parametrize(("classes", "order"), [(2, [1, 0]), (10, [3, 1, 2, 0, 5, 4, 9, 8, 7, 6])])
def test_another_order_is_said_with_its_numbers(classes: int, order: list[int]) -> None:
    seen = answers(1, classes, 400, 0.95, order)
    said = order_sentence(seen, lambda label: f"c{label}")
    right = np.mean(seen.right[1::2])
    renamed = np.mean(np.array(order)[seen.labels[1::2]] == seen.answers[1::2])
    assert f"{100 * right:.1f} % of 200 images are right, and {100 * renamed:.1f} % would be" in said
    assert f"'c0' is answered by output {order[0]}" in said and said.count(".  ") == 0


@given(st.integers(0, 1000), st.integers(2, 60), st.integers(0, 400), st.sampled_from([0.0, 0.2, 0.6, 1.0]))
def test_nothing_is_said_of_a_network_that_is_merely_bad_or_good(
    seed: int, classes: int, count: int, hit: float
) -> None:
    """With 60 classes and 40 examples a renaming that fits them by luck is always there, and does not hold."""
    assert order_sentence(answers(seed, classes, count, hit, list(range(classes))), str) == ""
