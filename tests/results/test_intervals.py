"""Intervals and the paired test against scipy, which computes them in other ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from pruning.common.errors import BadValue
from pruning.results.intervals import mcnemar, wilson

counts = st.integers(1, 50_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@settings(deadline=None)
@given(counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_scipys(count: tuple[int, int], level: float) -> None:
    correct, total = count
    theirs = binomtest(correct, total).proportion_ci(level, method="wilson")
    assert wilson(correct, total, level) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_wilson_stays_within_zero_and_one() -> None:
    assert wilson(0, 10)[0] == 0 and wilson(10, 10)[1] == 1
    assert 0 < wilson(0, 10)[1] < 0.3 and 0.7 < wilson(10, 10)[0] < 1


@settings(deadline=None)
@given(st.integers(0, 3000), st.integers(0, 3000))
def test_p_is_the_exact_binomial_one(lost: int, gained: int) -> None:
    p = mcnemar(lost, gained, 10_000)["p_value"]
    theirs = binomtest(lost, lost + gained, 0.5).pvalue if lost + gained else 1.0
    assert p == pytest.approx(theirs, rel=1e-6, abs=1e-300)


def test_p_of_the_extremes() -> None:
    assert mcnemar(0, 40_000, 50_000)["p_value"] == 0.0
    assert mcnemar(20_000, 20_000, 50_000)["p_value"] == 1.0


@pytest.mark.parametrize(("lost", "gained", "total"), [(25, 10, 1000), (0, 0, 500), (3, 1, 40)])
def test_difference_and_bounds_follow_the_published_formula(lost: int, gained: int, total: int) -> None:
    got = mcnemar(lost, gained, total)
    p, q, z = (lost + 1) / (total + 2), (gained + 1) / (total + 2), 1.959963984540054
    half = z * ((p + q - (q - p) ** 2) / (total + 2)) ** 0.5
    assert got["difference"] == (gained - lost) / total
    assert (got["low"], got["high"]) == pytest.approx((q - p - half, q - p + half), abs=1e-12)


def test_the_interval_holds_the_true_difference_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    lost, gained, total, draws = 0.05, 0.02, 400, 4000
    found = generator.multinomial(total, [lost, gained, 1 - lost - gained], size=draws)
    inside = 0
    for one in found:
        got = mcnemar(int(one[0]), int(one[1]), total)
        inside += got["low"] <= gained - lost <= got["high"]
    assert 0.935 < inside / draws < 0.975


def test_swapping_the_networks_turns_the_sign() -> None:
    one, other = mcnemar(25, 10, 1000), mcnemar(10, 25, 1000)
    assert one["difference"] == -other["difference"] and one["p_value"] == other["p_value"]
    assert (one["low"], one["high"]) == pytest.approx((-other["high"], -other["low"]))


@pytest.mark.parametrize("bad", [(-1, 10), (11, 10), (0, 0)])
def test_impossible_counts_are_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(BadValue):
        wilson(*bad)
    with pytest.raises(BadValue):
        mcnemar(bad[0], 0 if bad[0] >= 0 else 1, bad[1])
