"""The accuracy curve: points, intervals and references at their places on axes that never move."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from pruning.common.errors import BadValue
from pruning.results.charts.accuracy_curve import accuracy_curve
from pruning.results.charts.palette import BASELINE, PAPER


def trace(figure: go.Figure, name: str) -> go.Scatter:
    return next(item for item in figure.data if item.name == name)


def note(figure: go.Figure, name: str) -> go.layout.Annotation | None:
    return next((item for item in figure.layout.annotations if item.name == name), None)


def test_points_stand_at_level_and_accuracy(curve: pd.DataFrame) -> None:
    pruned = trace(accuracy_curve(curve.iloc[::-1], 800, 0.93, 0.1).figure(), "pruned")
    np.testing.assert_allclose(pruned.x, [0, 50, 80, 90, 100])
    np.testing.assert_allclose(pruned.y, [93, 92, 70, 30, 10])


def test_the_logarithmic_axis_shows_what_remains_and_drops_what_has_no_logarithm(curve: pd.DataFrame) -> None:
    figure = accuracy_curve(curve, 900, 0.93, 0.1, "remaining").figure()
    np.testing.assert_allclose(trace(figure, "pruned").x, [100, 50, 20, 10, np.nan])
    assert figure.layout.xaxis.type == "log" and list(figure.layout.xaxis.range) == [2, -1]
    assert {shape.x0 for shape in figure.layout.shapes if shape.name == "cursor"} == {10}


def test_points_on_fewer_images_are_hollow_with_their_own_bar_outside_the_band(curve: pd.DataFrame) -> None:
    figure = accuracy_curve(curve, 800, 0.93, 0.1).figure()
    pruned, band = trace(figure, "pruned"), trace(figure, "pruned, 95 % interval")
    assert [colour == PAPER["light"] for colour in pruned.marker.color] == [False, False, True, False, False]
    np.testing.assert_allclose(pruned.error_y.array, [0, 0, 2.8, 0, 0], atol=1e-9)
    np.testing.assert_allclose(pruned.error_y.arrayminus, [0, 0, 2.9, 0, 0], atol=1e-9)
    assert 80 not in list(band.x)
    np.testing.assert_allclose(band.y[:4], [93.5, 92.5, 30.9, 10.6])
    assert trace(figure, "hollow: 1,000 images, not 10,000").showlegend is not False


def test_a_lone_point_has_a_bar_as_it_has_no_band(curve: pd.DataFrame) -> None:
    figure = accuracy_curve(curve.iloc[:1], 0, 0.93, 0.1).figure()
    np.testing.assert_allclose(trace(figure, "pruned").error_y.array, [0.5])
    assert not [item for item in figure.data if item.fill == "toself"]


def test_dense_and_chance_are_lines_with_their_names(curve: pd.DataFrame) -> None:
    figure = accuracy_curve(curve, 800, 0.93, 0.1).figure()
    lines = {shape.name: (shape.y0, shape.line.dash) for shape in figure.layout.shapes}
    assert lines["dense"] == (93, "dash") and lines["chance"] == (10, "dot")
    dense, chance = note(figure, "dense"), note(figure, "chance")
    assert dense is not None and dense.text == "dense<br>93\u00a0%" and dense.y == 93
    assert chance is not None and chance.text == "chance<br>10\u00a0%"
    without = accuracy_curve(curve, 800, None, None).figure()
    assert note(without, "dense") is None and note(without, "chance") is None


def test_axes_are_the_same_with_any_points_and_cursor(curve: pd.DataFrame) -> None:
    one = accuracy_curve(curve, 100, 0.93, 0.1).figure()
    other = accuracy_curve(curve.iloc[3:], 990, None, None).figure()
    assert one.layout.xaxis == other.layout.xaxis and one.layout.yaxis == other.layout.yaxis
    assert list(one.layout.yaxis.range) == [0, 100]


def test_an_empty_curve_says_so_and_still_shows_the_references() -> None:
    chart = accuracy_curve(pd.DataFrame(), 500, 0.93, 0.1)
    figure = chart.figure()
    said = note(figure, "note")
    assert said is not None and "nothing measured yet" in said.text
    assert {"dense", "chance", "cursor"} <= {shape.name for shape in figure.layout.shapes}
    assert chart.title.replace("\u00a0", " ") == "No pruned network is measured yet; the dense one reaches 93 %"
    assert chart.table.empty and "accuracy_percent" in chart.table.columns


def test_pending_is_noted_beside_the_points_so_far(curve: pd.DataFrame) -> None:
    figure = accuracy_curve(curve, 500, 0.93, 0.1, pending=True).figure()
    said = note(figure, "note")
    assert said is not None and "filling in" in said.text and len(trace(figure, "pruned").x) == 5
    assert note(accuracy_curve(curve, 500, 0.93, 0.1).figure(), "note") is None


def test_the_pinned_curve_has_its_own_colour_and_rows(curve: pd.DataFrame) -> None:
    pinned = curve.assign(accuracy=curve["accuracy"] / 2)
    chart = accuracy_curve(curve, 500, 0.93, 0.1, baseline=pinned, baseline_label="<random>")
    lines = [t for t in chart.figure().data if t.line.color == BASELINE.light]
    assert [t.name for t in lines] == ["&lt;random&gt;", "&lt;random&gt;, recalibrated"]
    np.testing.assert_allclose(lines[0].y, [46.5, 46, 35, 15, 5])
    assert chart.table["setting"].value_counts().to_dict() == {"now": 7, "<random>": 7}


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (500, "At 50 % sparsity accuracy is 92 %, 1.0 points below dense"),
        (830, "At 80 % sparsity accuracy is 70 %, 23.0 points below dense; recalibrated 85 %"),
    ],
)
def test_title_is_the_measured_level_nearest_the_cursor(curve: pd.DataFrame, level: int, words: str) -> None:
    assert accuracy_curve(curve, level, 0.93, 0.1).title.replace("\u00a0", " ") == words


def test_table_has_units(curve: pd.DataFrame) -> None:
    table = accuracy_curve(curve, 500, 0.93, 0.1).table
    assert list(table.columns) == [
        "setting",
        "level_permille",
        "variant",
        "accuracy_percent",
        "low_95_percent",
        "high_95_percent",
        "images_count",
        "origin",
    ]
    row = table[(table["level_permille"] == 800) & (table["variant"] == "pruned")].iloc[0]
    assert (row["accuracy_percent"], row["images_count"], row["origin"]) == (70, 1000, "computed")


def test_a_curve_without_intervals_is_refused(curve: pd.DataFrame) -> None:
    with pytest.raises(BadValue, match="low"):
        accuracy_curve(curve.drop(columns="low"), 500, 0.93, 0.1)
