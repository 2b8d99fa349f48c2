"""The picture of all ways: gains to the right, accuracy upwards, the front, the recommended one, what lies below."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from pruning.common.errors import BadValue
from pruning.results.charts.tradeoff import LOOKS, tradeoff
from pruning.results.charts.tradeoff_marks import DEPTH
from pruning.results.families import FAMILIES
from pruning.results.tradeoffs import COLUMNS

USUAL = dict.fromkeys(COLUMNS, math.nan) | {
    "dense_bytes": 1000.0,
    "dense_macs": 80.0,
    "macs": 80.0,
    "count": 100,
    "steps": 0,
    "origin": "bundled",
    "real_1": False,
    "real_16": False,
    "gap_low": -0.03,
    "gap_high": 0.0,
    "validation_gap": 0.0,
    "parameters": 5,
}
WAYS = pd.DataFrame(
    [
        USUAL
        | {
            "name": name,
            "label": label,
            "family": family,
            "bytes": size,
            "accuracy": right,
            "low": right - 0.02,
            "high": right + 0.01,
            "gap": right - 0.9,
        }
        for name, label, family, size, right in (
            ("dense", "Dense", "dense", 1000.0, 0.9),
            ("w90", "Weights 90 %", "weights", 200.0, 0.895),
            ("c50", "Channels 50 %", "channels", 250.0, 0.88),
            ("b2", "2 bits", "quantized", 70.0, 0.3),
        )
    ],
    columns=list(COLUMNS),
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_stand_at_their_gain_and_accuracy_and_carry_their_names(theme: str) -> None:
    figure = tradeoff(WAYS, "bytes", "w90").figure(theme)
    marks = {trace.name: trace for trace in figure.data if trace.customdata is not None}
    assert set(marks) == {FAMILIES[family].label for family in ("dense", "weights", "channels", "quantized")}
    weights = marks["Pruned weights"]
    assert list(weights.x) == [5.0] and list(weights.y) == pytest.approx([89.5])
    assert weights.customdata[0][0] == "w90" and "-0.5 points" in weights.customdata[0][3]
    assert list(weights.error_y.array) == pytest.approx([1]) and list(weights.error_y.arrayminus) == pytest.approx([2])
    families = ("dense", "weights", "channels", "quantized")
    assert {trace.marker.symbol for trace in marks.values()} == {LOOKS[name].symbol for name in families}


def test_what_lies_far_below_stands_hollow_on_the_edge_and_whole_in_the_table() -> None:
    chart = tradeoff(WAYS, "bytes")
    figure = chart.figure("light")
    low = next(trace for trace in figure.data if trace.name == "Quantized")
    assert low.y[0] == pytest.approx(100 * (0.9 - DEPTH - 0.005)) and low.y[0] > figure.layout.yaxis.range[0]
    assert low.marker.color[0] != low.marker.line.color and low.error_y.array[0] == 0
    assert chart.table.set_index("approach").loc["2 bits", "test_accuracy_percent"] == 30.0


def test_the_front_leaves_out_what_is_beaten_in_both() -> None:
    front = next(trace for trace in tradeoff(WAYS, "bytes").figure().data if "front" in (trace.name or ""))
    assert list(front.x) == pytest.approx([1.0, 5.0, 1000 / 70])


def test_the_recommended_way_is_ringed_named_and_the_title() -> None:
    chart = tradeoff(WAYS, "bytes", "c50")
    figure = chart.figure()
    ring = next(trace for trace in figure.data if trace.name == "chosen")
    assert (list(ring.x), list(ring.y)) == ([4.0], pytest.approx([88.0]))
    assert any("Channels 50 %" in note.text for note in figure.layout.annotations)
    assert chart.title.startswith("Channels 50 %: 4.0 times smaller at -2.0 points")
    fallback = tradeoff(WAYS.assign(validation_gap=WAYS["gap"]), "bytes").title
    assert fallback.startswith("Weights 90 %: 5.0 times smaller")


def test_without_times_the_axis_is_empty_and_says_so() -> None:
    chart = tradeoff(WAYS, "ms_1", "w90")
    assert chart.table.empty and chart.title == "Nothing is timed yet"
    assert "nothing measured" in chart.figure().layout.annotations[0].text
    assert "being measured" in tradeoff(WAYS.iloc[:0], "bytes", pending=True).figure().layout.annotations[0].text
    with pytest.raises(BadValue, match="lacks"):
        tradeoff(WAYS.drop(columns="gap"), "bytes")
