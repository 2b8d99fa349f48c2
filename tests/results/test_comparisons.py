"""Comparing curves: hand-made numbers, scipy, an analysis of variance written out, and coverage by simulation."""

from __future__ import annotations

import base64
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from pruning.common.bits import packed, unpacked
from pruning.common.errors import BadValue
from pruning.common.progress import Desk, quiet
from pruning.measures.macs_table import MacsTable
from pruning.measures.tools.predictions import predict
from pruning.measures.verdicts import Verdicts
from pruning.network.macs import macs
from pruning.results.comparisons import Difference, area, in_words, last_within, on_same_images, paired
from pruning.results.intervals import mcnemar
from pruning.state import State
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import small, state


def test_area_of_a_triangle_and_of_a_part_of_it() -> None:
    assert area([0, 0.5, 1], [1, 0.5, 0], 0, 1) == pytest.approx(0.5)
    assert area([0, 1], [1, 0], 0.25, 0.5) == pytest.approx(0.625)
    assert area([1, 0, 0.5], [0, 1, 1], 0, 1) == pytest.approx(0.75)  # the order of points does not matter
    with pytest.raises(BadValue, match="no area"):
        area([0.1, 1], [1, 0], 0, 1)


@given(some.lists(some.floats(0, 1), min_size=2, max_size=9))
def test_area_is_scipys_trapezoid(heights: list[float]) -> None:
    from scipy.integrate import trapezoid

    x = np.linspace(0, 1, len(heights))
    assert area(x, heights, 0, 1) == pytest.approx(trapezoid(heights, x))
    middle = area(x, heights, 0, 0.4) * 0.4 + area(x, heights, 0.4, 1) * 0.6
    assert middle == pytest.approx(trapezoid(heights, x))


def test_last_within_crosses_on_the_straight_line() -> None:
    x, lost = [0, 0.5, 0.9, 1], [0, 0.005, 0.025, 0.6]
    assert last_within(x, lost, 1) == (pytest.approx(0.6), True)  # a quarter of the way from 0.5 to 2.5 points
    place, ended = last_within(x, lost, 2.5)
    assert place == pytest.approx(0.9) and ended
    assert last_within(x, [0, 0, 0, 0], 1) == (1.0, False)
    assert last_within(x, [0.2] * 4, 1) == (None, True)


def test_a_curve_that_comes_back_counts_its_last_point_within() -> None:
    assert last_within([0, 0.3, 0.6, 0.9], [0, 0.03, 0.01, 0.5], 1)[0] == pytest.approx(0.6)


def test_one_seed_is_mcnemar_with_its_sign() -> None:
    one = np.array([[1] * 60 + [0] * 40 + [1] * 900], dtype=bool)
    other = np.array([[0] * 60 + [1] * 40 + [1] * 900], dtype=bool)
    found = on_same_images(one, other)
    test = mcnemar(lost=40, gained=60, total=1000)
    assert found.difference == pytest.approx(0.02)
    assert (found.low, found.high, found.p_value) == (test["low"], test["high"], test["p_value"])
    assert found.p_value == pytest.approx(stats.binomtest(40, 100).pvalue)
    back = on_same_images(other, one)
    assert (back.difference, back.low, back.high) == (-found.difference, -found.high, -found.low)


def test_several_seeds_are_a_two_way_analysis_of_variance() -> None:
    rng = np.random.default_rng(3)
    seeds, images = 4, 50
    shift = np.array([[0.0], [0.3], [-0.2], [0.1]])
    d = np.round(rng.normal(0.1, 0.5, (1, images)) + shift + rng.normal(0, 0.4, (seeds, images)), 6)
    found = on_same_images(d, np.zeros_like(d))
    total = ((d - d.mean()) ** 2).sum()  # sums of squares the long way round: the rest is what the others leave
    by_seed = sum(images * (row.mean() - d.mean()) ** 2 for row in d)
    by_image = sum(seeds * (column.mean() - d.mean()) ** 2 for column in d.T)
    ms = [by_seed / 3, by_image / 49, (total - by_seed - by_image) / 147]
    combined = ms[0] + ms[1] - ms[2]
    assert combined > max(ms)
    error = math.sqrt(combined / (seeds * images))
    low, high = stats.t.interval(0.95, seeds - 1, loc=d.mean(), scale=error)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(d.mean()) / error, seeds - 1))


def test_where_images_do_not_matter_it_is_the_paired_t_test_over_seeds() -> None:
    one = np.repeat([[0.9], [0.8], [0.7]], 40, axis=1)
    other = np.repeat([[0.85], [0.79], [0.61]], 40, axis=1)
    found, test = on_same_images(one, other), stats.ttest_rel([0.9, 0.8, 0.7], [0.85, 0.79, 0.61])
    interval = test.confidence_interval()
    assert found.p_value == pytest.approx(test.pvalue)
    assert (found.low, found.high) == (pytest.approx(interval.low), pytest.approx(interval.high))


@pytest.mark.parametrize(("seeds", "spread"), [(2, 0.03), (3, 0.0), (3, 0.03), (3, 0.15), (5, 0.03)])
def test_intervals_hold_what_they_promise_where_seeds_and_images_both_vary(seeds: int, spread: float) -> None:
    rng, rounds = np.random.default_rng([5, seeds]), 600
    hits = alone = 0
    for _ in range(rounds):  # the mean difference over all seeds and images is zero, by symmetry
        image = rng.normal(0, 0.2, (1, 200))
        one, other = (
            rng.random((seeds, 200)) < 0.5 + image + rng.normal(0, spread, (seeds, 1)) + rng.normal(0, 0.1, (1, 200))
            for _ in range(2)
        )
        found = on_same_images(one, other)
        hits += found.low <= 0 <= found.high
        column = (one.astype(float) - other).mean(0)
        alone += abs(column.mean()) <= 1.96 * stats.sem(column)
    assert hits / rounds >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / rounds)
    if spread >= 0.03 and seeds < 5:
        assert alone / rounds < 0.9  # why images alone will not do


def test_verdicts_of_other_shapes_are_refused() -> None:
    with pytest.raises(BadValue, match="same seeds and images"):
        on_same_images(np.ones((1, 3), bool), np.ones((1, 4), bool))


def bits(*given: int) -> np.ndarray:
    return np.array(given, dtype=bool)


def test_draws_on_one_network_are_the_seeds_and_what_does_not_draw_stands_against_each() -> None:
    one, other = {(0, 0): bits(1, 1, 0)}, {(0, 0): bits(1, 0, 0), (0, 1): bits(0, 1, 1)}
    both = paired(one, other)
    assert both is not None
    assert both[0].tolist() == [[1, 1, 0], [1, 1, 0]] and both[1].tolist() == [[1, 0, 0], [0, 1, 1]]


def test_draws_within_training_seeds_are_averaged_as_they_are_no_independent_networks() -> None:
    one = {(0, 0): bits(1, 1), (1, 0): bits(0, 1), (2, 0): bits(1, 1)}
    other = {(0, 0): bits(1, 0), (0, 1): bits(1, 1), (1, 0): bits(0, 0)}
    both = paired(one, other)
    assert both is not None and both[0].shape == (2, 2)
    assert both[0].tolist() == [[1, 1], [0, 1]] and both[1].tolist() == [[1, 0.5], [0, 0]]


def test_images_are_those_that_all_saw_and_without_a_common_seed_there_is_no_pair() -> None:
    both = paired({(0, 0): bits(1, 1, 0, 0)}, {(0, 0): bits(1, 0)})
    assert both is not None and both[0].tolist() == [[1, 1]]
    assert paired({(0, 0): bits(1)}, {(1, 0): bits(1)}) is None
    assert paired({}, {(1, 0): bits(1)}) is None


def test_words_put_the_higher_curve_first_and_say_what_explains() -> None:
    found = Difference(-0.012, -0.02, -0.004, 0.003, 3, 10_000, "both")
    text = in_words("A", "B", found, "at 95 % sparsity")
    assert text == (
        "**B** is above **A** by 1.2 points (0.4 to 2.0) at 95 % sparsity: larger than sampling error of images and 3 "
        "seeds."
    )
    luck = Difference(0.001, -0.003, 0.005, 0.6, 1, 10_000, "images")
    assert in_words("A", "B", luck, "here") == (
        "**A** and **B** differ by 0.1 points (-0.3 to 0.5) here: within sampling error."
    )
    assert "by 0.0 points (0.0 to 0.0)" in in_words("A", "B", Difference(0, -1e-9, 1e-9, 1, 1, 10, "images"), "here")
    assert in_words("A", "B", found, "here", level=0.999) == (
        "**B** and **A** differ by 1.2 points (0.4 to 2.0) here: not significant with 3 seeds."
    )


@pytest.fixture
def start(images: Images) -> State:
    return state(small(), name="lenet_5")


def test_verdicts_are_the_bits_of_the_predictions(start: State) -> None:
    value = Verdicts(count=333).measure(start, Desk(quiet))
    *_, seen = predict(start, "test", 333, Desk(quiet))
    right = unpacked(value)
    assert right.shape == (333,) and torch.equal(torch.from_numpy(right), seen.right)
    assert value["correct"] == int(seen.right.sum()) and value["count"] == 333
    assert len(base64.b64decode(value["right"])) == math.ceil(333 / 8)


def test_bits_are_packed_eight_to_a_byte_the_first_on_top() -> None:
    right = np.array([1, 0, 0, 0, 0, 0, 0, 1, 0, 1], dtype=bool)
    value = packed(right)
    assert value == {"count": 10, "correct": 3, "right": base64.b64encode(bytes([0b10000001, 0b01000000])).decode()}
    assert (unpacked(value) == right).all() and packed(right[:0]) == {"count": 0, "correct": 0, "right": ""}


def test_verdicts_on_more_images_than_there_are_stop_at_the_last_and_use_the_asked_split(
    start: State, images: Images
) -> None:
    value = Verdicts(count=10_000, split="validation").measure(start, Desk(quiet))
    assert value["count"] == 600 and "validation" in images.asked and "test" not in images.asked


def test_macs_by_layer_are_those_of_torchs_counter_in_forward_order() -> None:
    start = State(Base(model="lenet_5", mark="init"), "start", small(), tuple(state(small(), "lenet_5").order))
    value = MacsTable().measure(start, Desk(quiet))
    per_layer, whole = macs(start.model, start.base.input_shape)
    assert value["layers"] == ["conv1", "conv2", "fc1", "fc2"] and value["whole"] == whole
    assert dict(zip(value["layers"], value["macs"], strict=True)) == {
        name.removesuffix(".weight"): count for name, count in per_layer.items()
    }
    assert value["macs"][2:] == [32 * 12, 12 * 10]
