"""The comparison chart: points at their places, looks that are told apart, faint seeds, hollow points, a true title."""

from __future__ import annotations

import io
import itertools
import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from pruning.common.errors import BadValue
from pruning.results.charts.curve_looks import STYLES
from pruning.results.charts.curves import curves
from pruning.results.charts.palette import CONTROL, PAPER
from pruning.results.curves import means_frame, points_frame

PLANNED = {"magnitude": 1, "random": 2}


def point(curve: str, run: str, level: int, right: int, count: int = 10_000) -> dict:
    value = {"correct": right * count // 100, "dense_correct": 90 * count // 100, "count": count}
    share = level / 1000
    left = {"sparsity": share, "compression": 1 / (1 - share), "macs": 1 - share, "bytes": 4000.0 * (1 - share)}
    return {"curve": curve, "run": run, "level": level, "value": value, "origin": "stored"} | left


@pytest.fixture
def points() -> pd.DataFrame:
    return points_frame(
        [
            point("magnitude", "training seed 0", 0, 90),
            point("magnitude", "training seed 0", 500, 90),
            point("magnitude", "training seed 0", 900, 80, 1000),
            *(
                point("random", f"training seed 0, draw {draw}", level, right + draw * 4)
                for draw in (0, 1)
                for level, right in ((0, 88), (500, 40), (900, 10))
            ),
        ]
    )


@pytest.fixture
def means(points: pd.DataFrame) -> pd.DataFrame:
    return means_frame(points, PLANNED)


def draw(points: pd.DataFrame, means: pd.DataFrame, axis: str = "sparsity", theme: str = "light") -> go.Figure:
    return curves(points, means, axis, 0.9, 0.1, ["random"], 4000, planned=PLANNED).figure(theme)


def trace(figure: go.Figure, name: str) -> go.Scatter:
    return next(item for item in figure.data if item.name == name)


@pytest.mark.parametrize(
    ("axis", "x"),
    [("sparsity", [0, 50, 90]), ("compression", [1, 2, 10]), ("macs", [100, 50, 10]), ("bytes", [100, 50, 10])],
)
def test_points_stand_at_their_places_on_every_axis(points, means, axis: str, x: list[float]) -> None:
    figure = draw(points, means, axis)
    np.testing.assert_allclose(trace(figure, "magnitude").x, x)
    np.testing.assert_allclose(trace(figure, "magnitude").y, [90, 90, 80])
    np.testing.assert_allclose(trace(figure, "random (mean of 2 seeds)").y, [90, 42, 12])
    assert (figure.layout.xaxis.type == "log") == (axis == "compression")


@pytest.mark.parametrize("axis", ["sparsity", "compression", "macs", "bytes"])
def test_axes_do_not_move_with_the_points(points, means, axis: str) -> None:
    some = draw(points, means, axis).layout
    none = draw(points.iloc[:0], means.iloc[:0], axis).layout
    assert some.xaxis == none.xaxis and some.yaxis == none.yaxis and list(some.yaxis.range) == [0, 100]


def test_an_unknown_axis_or_a_missing_column_is_a_sentence(points, means) -> None:
    with pytest.raises(BadValue, match="'depth'"):
        curves(points, means, "depth")
    with pytest.raises(BadValue, match="lost"):
        curves(points.drop(columns="lost"), means)


def test_infinite_compression_has_no_place(points) -> None:
    points.loc[2, "compression"] = math.inf
    x = trace(draw(points, means_frame(points, PLANNED), "compression"), "magnitude").x
    np.testing.assert_allclose(x, [1, 2, np.nan])


def test_single_seeds_are_faint_behind_their_mean(points, means) -> None:
    figure = draw(points, means)
    names = [item.name for item in figure.data]
    faint = trace(figure, "random, training seed 0, draw 1")
    assert faint.opacity < 0.5 and faint.showlegend is False
    np.testing.assert_allclose(faint.y, [92, 44, 14])
    assert names.index("random, training seed 0, draw 1") < names.index("random (mean of 2 seeds)")
    assert not any(name.startswith("magnitude, training") for name in names)  # its one seed is the mean


def test_a_seed_that_failed_is_counted_in_the_legend(points) -> None:
    lone = points[points["run"] != "training seed 0, draw 1"]
    figure = draw(lone, means_frame(lone, {"magnitude": 1, "random": 1}))
    assert trace(figure, "random (1 of 2 seeds)")


def test_bands_are_the_intervals(points, means) -> None:
    band = trace(draw(points, means), "magnitude, band")
    rows = means[means["curve"] == "magnitude"]
    np.testing.assert_allclose(band.y, [*(100 * rows["high"]), *(100 * rows["low"])[::-1]])


def test_points_on_fewer_images_are_hollow_and_labelled(points, means) -> None:
    figure = draw(points, means)
    assert [colour == PAPER["light"] for colour in trace(figure, "magnitude").marker.color] == [False, False, True]
    assert trace(figure, "hollow: 1,000 images, not 10,000")
    whole = points[points["count"] == 10_000]
    assert not any("hollow" in item.name for item in draw(whole, means_frame(whole, PLANNED)).data)


def test_rings_stand_on_the_last_point_within_one_point_of_dense(points, means) -> None:
    ring = trace(draw(points, means), "ring: last point within one point of dense")
    assert sorted(zip(ring.x, ring.y, strict=True)) == [(0, 90), (50, 90)]  # random at 0 %, magnitude at 50 %


def test_dense_is_dashed_and_chance_and_random_are_grey(points, means) -> None:
    figure = draw(points, means)
    lines = {shape.name: shape for shape in figure.layout.shapes}
    assert lines["dense"].y0 == 90 and lines["dense"].line.dash == "dash" and lines["chance"].y0 == 10
    assert trace(figure, "random (mean of 2 seeds)").line.color == CONTROL.light
    assert trace(figure, "magnitude").line.color == STYLES[0].light


def test_a_curve_keeps_its_look_whether_or_not_others_are_measured(points, means) -> None:
    three = {"first": 1, **PLANNED}
    figure = curves(points, means, planned=three, controls=["random"]).figure()
    assert trace(figure, "magnitude").line.color == STYLES[1].light
    assert trace(figure, "first (no points yet)").line.color == STYLES[0].light


def test_title_says_which_curve_keeps_accuracy_longest_and_the_numbers_are_right(points, means) -> None:
    title = curves(points, means, planned=PLANNED).title
    # 90 % at 50 %, 80 % at 90 %: a point is lost a tenth of the way, at 54 %; random loses 48 points from 0 to 50 %
    assert title.replace("\u00a0", " ") == (
        "magnitude stays within one point of dense up to 54 % sparsity, random up to 1 %"
    )
    empty = curves(points.iloc[:0], means.iloc[:0], dense=0.9).title
    assert empty.replace("\u00a0", " ") == "Nothing is measured yet; the dense network reaches 90 %"


def test_csv_names_model_and_data_and_holds_every_seed_and_the_means(points, means) -> None:
    about = {"model": "lenet_5", "data": "fashion_mnist"}
    table = pd.read_csv(io.BytesIO(curves(points, means, bytes_dense=4000, about=about).csv()))
    assert set(zip(table["model"], table["data"], table["split"], strict=True)) == {
        ("lenet_5", "fashion_mnist", "test")
    }
    seeds, mean = table[table["seed"] != "mean"], table[table["seed"] == "mean"].set_index("level_asked_permille")
    assert len(seeds) == len(points) == 9 and (seeds["seeds_count"] == 1).all()
    assert set(seeds["seed"]) == {"training seed 0", "training seed 0, draw 0", "training seed 0, draw 1"}
    row = seeds[(seeds["curve"] == "magnitude") & (seeds["level_asked_permille"] == 900)].iloc[0]
    assert (row["accuracy_percent"], row["images_count"], row["lost_points"]) == (80, 1000, 10)
    assert (row["compression_ratio"], row["bitmask_file_bytes"]) == (10, pytest.approx(400))
    assert list(mean.index) == [0, 500, 900] and set(mean["curve"]) == {"random"} and (mean["seeds_count"] == 2).all()
    draws = np.array([40.0, 44.0])
    assert mean["accuracy_percent"][500] == draws.mean()
    assert mean["high_percent"][500] - 42 == pytest.approx(draws.std(ddof=1), abs=1e-3)
    assert set(mean["low_to_high_is"]) == {"one standard deviation"}
    assert len(curves(points.iloc[:0], means.iloc[:0]).table) == 0


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_eight_looks_are_seen_on_the_paper_and_told_apart_without_colour(theme: str) -> None:
    paper = luminance(PAPER[theme])
    for style in STYLES:
        high, low = sorted((luminance(style.colour(theme)), paper), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 3  # WCAG 2.2, 1.4.11: graphics
    assert len({style.symbol for style in STYLES}) == 8
    pairs = [(style.dash, style.symbol) for style in (*STYLES, CONTROL)]
    assert all(one != other for one, other in itertools.combinations(pairs, 2))
    assert len({style.colour(theme) for style in STYLES}) == 8
