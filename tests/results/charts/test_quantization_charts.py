"""Charts of the Quantization page: what they say, what they draw, what they export."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pruning.common.errors import BadValue
from pruning.results.charts.base import Chart
from pruning.results.charts.bits_curve import bits_curve
from pruning.results.charts.level_histogram import level_histogram
from pruning.results.charts.palette import BASELINE, CONTROL, DENSE, INK, KEPT, REMOVED
from pruning.results.charts.rounding_errors import rounding_errors
from pruning.results.intervals import wilson
from pruning.results.quantization import curve_frame, layers_frame, level_frames

THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


def said(chart: Chart) -> str:
    """The title, which a screen reader hears too."""
    assert chart.alt.endswith(f"{chart.title}.")
    return chart.title.replace("\u00a0", " ")


def points(*rows: tuple[int, str, int], dense: int = 900) -> pd.DataFrame:
    """Bits, rounding, right of 1,000 images, of which dense has so many right."""
    return curve_frame((b, r, {"correct": c, "dense_correct": dense, "count": 1000}) for b, r, c in rows)


CURVE = points((4, "nearest", 800), (2, "nearest", 100), (8, "nearest", 900), (4, "gptq", 890), (2, "gptq", 300))


@THEMES
def test_the_bits_that_lose_less_than_a_point_are_the_title(theme: str) -> None:
    chart = bits_curve(CURVE, 4)
    assert said(chart) == "Within 1 point of dense: down to 8 bits to the nearest level and 4 bits by GPTQ"
    figure = chart.figure(theme)
    gptq, nearest, dense = figure.data
    assert [(trace.name, trace.line.color, trace.line.dash) for trace in figure.data] == [
        ("GPTQ", BASELINE.colour(theme), "dashdot"),
        ("to the nearest level", KEPT.colour(theme), "solid"),
        ("dense (float32)", DENSE.colour(theme), "dash"),
    ]
    assert gptq.marker.symbol != nearest.marker.symbol
    assert list(gptq.x) == [2, 4] and list(gptq.y) == [30, 89]
    assert list(nearest.x) == [2, 4, 8] and list(nearest.y) == [10, 80, 90]
    assert list(dense.y) == [90, 90] and list(dense.x) == list(figure.layout.xaxis.range)
    assert figure.layout.shapes[0].x0 == figure.layout.shapes[0].x1 == 4
    assert figure.layout.xaxis.title.text == "bits of a weight" and figure.layout.yaxis.title.text == (
        "test accuracy (%)"
    )
    assert list(figure.layout.yaxis.range) == [0, 100]


def test_whiskers_are_the_wilson_intervals() -> None:
    trace = bits_curve(CURVE, 4).figure().data[0]
    low, high = wilson(300, 1000)
    assert trace.y[0] - trace.error_y.arrayminus[0] == pytest.approx(100 * low)
    assert trace.y[0] + trace.error_y.array[0] == pytest.approx(100 * high)
    assert trace.error_y.array[0] != pytest.approx(trace.error_y.arrayminus[0])


def test_sixteen_bits_have_no_cursor_and_the_table_has_every_point() -> None:
    chart = bits_curve(CURVE, 16)
    assert not chart.figure().layout.shapes
    assert list(chart.table.columns) == [
        "bits",
        "rounding",
        "images_count",
        "accuracy_percent",
        "low_percent",
        "high_percent",
        "dense_percent",
    ]
    assert list(chart.table["accuracy_percent"]) == [30, 89, 10, 80, 90] and set(chart.table["images_count"]) == {1000}


@pytest.mark.parametrize("dense", [900, 130, 114])  # 0.13 - 0.01 is more than 0.12 as a float
def test_a_loss_of_one_point_is_within_one_point_and_an_image_more_is_not(dense: int) -> None:
    within, beyond = (bits_curve(points((2, "gptq", dense - lost), dense=dense), 2) for lost in (10, 11))
    assert said(within) == "Within 1 point of dense: down to 2 bits by GPTQ"
    assert said(beyond) == "How few bits are enough?"


def test_a_curve_without_points_draws_nothing_and_one_without_a_column_is_refused() -> None:
    empty = bits_curve(points(), 4)
    assert said(empty) == "How few bits are enough?" and not empty.figure().data and empty.table.empty
    with pytest.raises(BadValue, match="lacks dense"):
        bits_curve(CURVE.drop(columns="dense"), 4)


LOOK = {
    "edges": [-2.5, -0.5, 0.5, 2.5],
    "counts": [30, 50, 20],
    "levels": [-2, -1, 0, 1, 2],
    "level_counts": [10, 20, 50, 15, 5],
}


@THEMES
def test_weights_before_are_bars_and_levels_after_are_marks(theme: str) -> None:
    chart = level_histogram(*level_frames(LOOK), "conv1", 3, (0.1, 0.2, 0.3))
    assert said(chart) == "3 bits leave conv1 at most 5 levels for each scale; 50 % of its weights become zero"
    bars, stems, dots = chart.figure(theme).data
    assert list(bars.x) == [-1.5, 0, 1.5] and list(bars.width) == [2, 1, 2] and list(bars.y) == [30, 50, 20]
    assert list(dots.x) == LOOK["levels"] and list(dots.y) == LOOK["level_counts"] and sum(dots.y) == sum(bars.y)
    assert list(stems.x[:2]) == [-2, -2] and list(stems.y[:2]) == [0, 10] and np.isnan(stems.y[2])
    assert [trace.name for trace in (bars, dots)] == ["weights before", "levels after"] and not stems.showlegend
    assert bars.marker.color == KEPT.tint(theme, 0.55) and stems.line.color == REMOVED.colour(theme)
    assert dots.marker.color == REMOVED.colour(theme) and dots.marker.line.color == INK[theme]
    layout = chart.figure(theme).layout
    assert layout.xaxis.title.text == "weight before rounding, in steps of its channel's scale"
    assert layout.yaxis.title.text == "weights (count)" and list(layout.xaxis.range) == [-2.5, 2.5]
    assert list(chart.table["what"]) == ["before"] * 3 + ["level"] * 5 and chart.table["count"].sum() == 200


def test_floats_have_no_levels_and_many_levels_no_marks() -> None:
    bins, levels = level_frames(LOOK)
    floats = level_histogram(bins, levels.iloc[:0], "fc", 16, None)
    assert said(floats) == "fc in 16 bits: a grid finer than the eye"
    assert len(floats.figure().data) == 1 and floats.figure().layout.xaxis.title.text == "weight before rounding"
    for count, traces in ((40, 3), (41, 1)):
        many = pd.DataFrame({"level": np.arange(count), "count": 2})
        chart = level_histogram(bins, many, "fc", 6, (1, 1, 1))
        assert len(chart.figure().data) == traces and len(chart.table) == 3 + count
    empty = level_histogram(bins.iloc[:0], levels.iloc[:0], "fc", 4, (1, 1, 1))
    assert list(empty.figure().layout.xaxis.range) == [0, 1] and empty.table.empty
    with pytest.raises(BadValue, match="levels table lacks level"):
        level_histogram(bins, levels.drop(columns="level"), "fc", 4, None)


def rounded(name: str, weight: float, output: float | None, codes: int = 100) -> dict:
    """A layer of a ``quantization`` value, with 8 bytes of scales."""
    return {"name": name, "weight_error": weight, "output_error": output, "codes": codes, "scales": 8, "zeros": 0}


LAYERS = layers_frame({"layers": [rounded("a", 0.02, 0.01), rounded("b", 0.04, 0.08), rounded("c", 0.03, None)]})


@THEMES
def test_the_layer_whose_outputs_are_furthest_off_is_named(theme: str) -> None:
    chart = rounding_errors(LAYERS.sample(frac=1, random_state=0), "b")
    assert said(chart) == "b suffers most: its outputs are 8 % off (median 4.5 %)"
    figure = chart.figure(theme)
    weights, outputs = figure.data
    assert list(weights.y) == list(outputs.y) == ["a", "b", "c"] and list(weights.x) == [2, 4, 3]
    assert list(outputs.x[:2]) == [1, 8] and np.isnan(outputs.x[2])
    assert [(trace.name, trace.marker.color, trace.marker.symbol) for trace in figure.data] == [
        ("of its weights", CONTROL.colour(theme), "diamond"),
        ("of its outputs", KEPT.colour(theme), "circle"),
    ]
    assert [(shape.x0, shape.x1, shape.y0) for shape in figure.layout.shapes] == [(2, 1, "a"), (4, 8, "b"), (3, 3, "c")]
    assert list(figure.layout.yaxis.ticktext) == ["a", "<b>b</b>", "c"] and figure.layout.yaxis.range[0] == 2.5
    assert figure.layout.xaxis.title.text == "relative error (%)"
    assert list(figure.layout.xaxis.range) == pytest.approx([0, 1.06 * 8])
    assert "3 layers in forward order" in chart.alt and list(chart.table["packed_bytes"]) == [108, 108, 108]


def test_layers_whose_outputs_are_unseen_and_no_layers_at_all() -> None:
    unseen = rounding_errors(LAYERS.iloc[2:])
    assert said(unseen) == "No layer's outputs could be seen"
    assert list(unseen.figure().data[0].x) == [3] and np.isnan(unseen.figure().data[1].x[0])
    empty = rounding_errors(LAYERS.iloc[:0])
    assert said(empty) == "No layer's outputs could be seen" and "0 layers" in empty.alt and empty.table.empty
    assert list(empty.figure().layout.xaxis.range) == [0, 1.06]
    with pytest.raises(BadValue, match="layers table lacks output_error"):
        rounding_errors(LAYERS.drop(columns="output_error"))
