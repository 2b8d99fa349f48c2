"""Sentences made from tables: random tables in, and each number and claim of the sentence counted again from them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pruning.results.charts.base import Chart
from pruning.results.charts.layer_map import layer_map
from pruning.results.charts.level_histogram import level_histogram
from pruning.results.charts.sensitivity_map import sensitivity_map
from pruning.results.charts.weight_histogram import weight_histogram
from pruning.results.intervals import wilson
from pruning.results.sentences import reaches
from pruning.results.speed import speed_up
from tests.results.charts.tables import make_profile

SOME = settings(deadline=None, max_examples=60)


def said(chart: Chart) -> str:
    return chart.title.replace("\u00a0", " ")


def numbers(text: str) -> list[float]:
    """The numbers of a sentence that stand alone."""
    return [float(found.replace(",", "")) for found in re.findall(r"(?<![\w.])-?\d[\d,]*\.?\d*(?!\w)", text)]


WEIGHTS = st.lists(st.floats(-1, 1, allow_nan=False, width=16), min_size=2, max_size=60)


def binned(weights: np.ndarray, gone: np.ndarray, bins: int = 21) -> pd.DataFrame:
    edges = np.linspace(-1, 1, bins + 1)
    counts = {word: np.histogram(weights[mask], edges)[0] for word, mask in (("kept", ~gone), ("removed", gone))}
    return pd.DataFrame({"left": edges[:-1], "right": edges[1:], **counts})


@SOME
@given(WEIGHTS, st.data())
def test_weights_are_said_to_lie_within_a_threshold_only_where_it_divides_them(values: list[float], data: Any) -> None:
    weights = np.array(values)
    gone = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))))
    threshold = data.draw(st.sampled_from([float(np.abs(weights[gone]).max(initial=0)), 0.2, 0.5, 2.0]))
    text = said(weight_histogram(binned(weights, gone), "fc1", threshold, score_is_magnitude=True))
    if not gone.any() or gone.all():
        return
    share = 100 * gone.mean()
    assert f"{share:.3g}" in text or f"{share:.1f}" in text or f"{round(share)}" in text
    if "within" in text:
        width = 2 / 21  # a bin that the threshold cuts cannot tell on which side its weights lie
        assert (np.abs(weights[gone]) <= threshold + width).all() and (
            np.abs(weights[~gone]) >= threshold - width
        ).all()


@SOME
@given(WEIGHTS, st.floats(0.05, 0.95))
def test_where_the_smallest_go_the_threshold_is_said_and_drawn(values: list[float], share: float) -> None:
    weights = np.array(values)
    order = np.argsort(np.abs(weights), kind="stable")
    gone = np.zeros(len(weights), bool)
    gone[order[: int(share * len(weights))]] = True
    assume(gone.any() and not gone.all())
    threshold = float(np.abs(weights[gone]).max())
    chart = weight_histogram(binned(weights, gone), "fc1", threshold, score_is_magnitude=True)
    assert f"lie within ±{threshold:.3g}" in said(chart)
    assert [shape.x1 for shape in chart.figure().layout.shapes] == [-threshold, threshold]


def test_the_place_within_n_of_m_neighbours_is_no_magnitude() -> None:
    """1:4 keeps the largest of four neighbours each: small ones stay where their neighbours are smaller still."""
    weights = np.array([[0.05, 0.01, 0.02, 0.03], [0.4, 0.3, 0.2, 0.1]]).ravel()
    gone = np.ones(8, bool)
    gone[[0, 4]] = False
    chart = weight_histogram(binned(weights, gone), "fc1", 2.0, score_is_magnitude=True)  # the place that went last
    assert said(chart).startswith("fc1 loses 75 % of its weights") and not chart.figure().layout.shapes


@SOME
@given(
    st.integers(2, 8),
    st.booleans(),
    st.lists(st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=40), min_size=1, max_size=6),
)
def test_levels_that_bits_leave_are_those_that_a_scale_has(bits: int, symmetric: bool, rows: list[list[float]]) -> None:
    """Rounded here row by row, each with its own scale and zero point, as quantization does it."""
    most, steps = 0, []
    for row in rows:
        values = np.array(row)
        if symmetric:
            top = 2 ** (bits - 1) - 1
            codes = np.clip(np.rint(values / (np.abs(values).max() / top or 1)), -top, top)
        else:
            low, high = min(values.min(), 0), max(values.max(), 0)
            scale = (high - low) / (2**bits - 1) or 1
            codes = np.clip(np.rint((values - low) / scale), 0, 2**bits - 1) - np.rint(-low / scale)
        most = max(most, len(np.unique(codes)))
        steps.append(codes.astype(int))
    levels, counts = np.unique(np.concatenate(steps), return_counts=True)
    bins = pd.DataFrame({"left": [-0.5], "right": [0.5], "count": [counts.sum()]})
    text = said(level_histogram(bins, pd.DataFrame({"level": levels, "count": counts}), "fc", bits, (1, 1, 1)))
    told_bits, told_levels, told_zero = numbers(text)
    assert told_bits == bits and most <= told_levels <= 2**bits
    zero = counts[levels == 0].sum() / counts.sum()
    assert abs(told_zero - 100 * zero) <= 1


SHARES = (500, 800, 900, 990)


@SOME
@given(st.lists(st.lists(st.integers(0, 100), min_size=4, max_size=4), min_size=1, max_size=5))
def test_first_and_last_layer_to_give_way_are_so_in_the_table(cells: list[list[int]]) -> None:
    rows = [
        {"layer": f"l{order}", "order": order, "share": share, "accuracy": right / 100}
        for order, row in enumerate(cells)
        for share, right in zip(SHARES, row, strict=True)
    ]
    text = said(sensitivity_map(pd.DataFrame(rows), 0.9, 1000, "validation"))
    lost = {
        f"l{o}": next((s for s, right in zip(SHARES, row, strict=True) if right < 85), 10_000)
        for o, row in enumerate(cells)
    }
    at = {name: dict(zip(SHARES, cells[int(name[1:])], strict=True)) for name in lost}
    earliest, latest = min(lost.values()), max(lost.values())
    if earliest == 10_000:
        assert text == "No layer alone costs 5 points, up to 99 % of it removed"
        return
    found = re.match(r"(l\d) gives way first, 5 points lost with ([\d.]+) % of it gone", text)
    assert found is not None
    first, share = found[1], round(10 * float(found[2]))
    assert lost[first] == share == earliest
    assert at[first][share] == min(at[name][share] for name in lost if lost[name] == share)
    spared = sum(gone == 10_000 for gone in lost.values())
    if spared:
        assert f"{spared} of {len(cells)} layers never cost that much" in text
    elif latest > earliest:
        last, when = re.search(r", (l\d) last, at ([\d.]+) %", text).groups()  # type: ignore[union-attr]
        assert lost[last] == round(10 * float(when)) == latest
        assert at[last][latest] == max(at[name][latest] for name in lost if lost[name] == latest)
    else:
        assert "last" not in text


TIME = st.lists(st.floats(0.01, 100), min_size=3, max_size=3, unique=True).map(sorted)


@SOME
@given(TIME, TIME)
def test_times_whose_middle_halves_are_apart_differ_and_others_do_not(one: list[float], other: list[float]) -> None:
    keys = ("low_ms", "median_ms", "high_ms")
    rows = [
        {"variant": name, "batch": 1, **dict(zip(keys, times, strict=True))}
        for name, times in (("dense", one), ("small", other))
    ]
    words = speed_up(rows, 1).words()
    ratio = one[1] / other[1]
    apart = (one[2] < other[0] or other[2] < one[0]) and max(ratio, 1 / ratio) >= 1.05
    assert (words == "no measurable speed-up") == (not apart)
    if apart:
        assert words.endswith("faster" if ratio > 1 else "slower")
        assert abs(numbers(words)[0] / max(ratio, 1 / ratio) - 1) <= 0.06


def test_quartiles_far_apart_are_a_difference_though_one_spreads() -> None:
    rows = [
        {"variant": "this", "batch": 1, "low_ms": 0.075, "median_ms": 0.091, "high_ms": 0.14},
        {"variant": "int8", "batch": 1, "low_ms": 0.036, "median_ms": 0.039, "high_ms": 0.043},
    ]
    assert speed_up(rows, 1, "int8", "this").words() == "2.3 times faster"


@SOME
@given(st.integers(0, 1000), st.integers(2, 100))
def test_a_guess_is_not_called_kept(correct: int, classes: int) -> None:
    text = reaches({"correct": correct, "count": 1000}, classes)
    assert numbers(text) == [correct / 10]
    assert (
        text.startswith("drops to")
        == text.endswith("no better than chance")
        == (wilson(correct, 1000)[0] <= 1 / classes)
    )


@SOME
@given(st.integers(1, 999), st.lists(st.tuples(st.integers(1, 500), st.integers(1, 1000)), min_size=2, max_size=4))
def test_the_layers_that_lose_most_and_least_do(level: int, layers: list[tuple[int, int]]) -> None:
    profile = make_profile({f"l{at}": (weights, end) for at, (weights, end) in enumerate(layers)})
    here = profile[profile["level"] == level]
    share = dict(zip(here["layer"], here["removed"] / here["weights"], strict=True))
    text = said(layer_map(profile, level))
    assert text.startswith(f"At {level / 10:g} % sparsity ") or "Nothing removed" in text
    if found := re.search(r"(l\d) loses most \((\d+) %\), (l\d) least \((\d+) %\)", text):
        most, told_most, least, told_least = found.groups()
        assert share[most] == max(share.values()) and share[least] == min(share.values())
        assert abs(float(told_most) - 100 * share[most]) <= 1 and abs(float(told_least) - 100 * share[least]) <= 1
    elif "same share" in text:
        assert max(share.values()) - min(share.values()) < 0.005
    elif found := re.search(r"(\d) of (\d) layers are empty", text):
        assert (int(found[1]), int(found[2])) == (sum(gone == 1 for gone in share.values()), len(layers))
