"""The charts of the pages Layers and Scorers show what their tables say, and say it in their titles."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from pruning.common.errors import BadValue
from pruning.results.charts.agreement_matrix import agreement_matrix
from pruning.results.charts.allocation_multiples import allocation_multiples
from pruning.results.charts.base import Chart
from pruning.results.charts.compatibility_table import compatibility_table
from pruning.results.charts.palette import CONTROL, KEPT
from pruning.results.charts.score_scatter import score_scatter
from pruning.results.charts.sensitivity_map import sensitivity_map

SHARES = (500, 800, 950)
ACCURACY = {"conv1": (0.88, 0.60, 0.20), "conv2": (0.90, 0.89, 0.70), "fc": (0.90, 0.90, 0.88)}
COUNTS = {"both_kept": 30, "both_removed": 50, "only_first": 5, "only_second": 15}
SCORERS = ["Magnitude", "Taylor", "Random"]
MATRIX = [[1.0, 0.8, 0.3], [0.8, 1.0, 0.25], [0.3, 0.25, 1.0]]


def said(chart: Chart) -> str:
    return chart.title.replace("\u00a0", " ")


def scan(**instead: tuple[float, ...]) -> pd.DataFrame:
    rows = [
        (name, order, share, value)
        for order, (name, values) in enumerate((ACCURACY | instead).items())
        for share, value in zip(SHARES, values, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["layer", "order", "share", "accuracy"])
    return frame.sample(frac=1, random_state=0)  # no chart may lean on the order of rows


def shared(level: int = 800) -> pd.DataFrame:
    rows = []
    for allocation, removed in {"Global": (100, 5), "Uniform": (80, 8)}.items():
        for order, (layer, weights, gone) in enumerate(zip(("conv", "fc"), (100, 10), removed, strict=True)):
            rows.append((allocation, layer, order, weights, gone))
    return pd.DataFrame(rows, columns=["allocation", "layer", "order", "weights", "removed"])


def points(count: int = 100) -> pd.DataFrame:
    ranks = (np.arange(count) + 0.5) / count
    other = np.roll(ranks, 10)
    return pd.DataFrame(
        {
            "first_score": ranks**2,
            "second_score": other,
            "first_rank": ranks,
            "second_rank": other,
            "first_removed": ranks < 0.55,
            "second_removed": other < 0.65,
        }
    )


def pairs() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("Magnitude", "Weights", "yes", "Ranked."),
            ("Magnitude", "Channels", "yes", "Reduced."),
            ("OBC", "Weights", "masks", "A solver."),
            ("OBC", "Channels", "no", "It gives masks of weights."),
        ],
        columns=["row", "column", "kind", "why"],
    )


MEANINGS = {"yes": "ranks", "masks": "finds masks", "no": "does not go"}
ALL: dict[str, Callable[[], Chart]] = {
    "scan": lambda: sensitivity_map(scan(), 0.9, 1000, "validation", "fc"),
    "allocations": lambda: allocation_multiples(shared(), 800, "Uniform"),
    "scatter": lambda: score_scatter(points(), COUNTS, "fc", "Magnitude", "Taylor", "weights", 0.5),
    "overlap": lambda: agreement_matrix(MATRIX, SCORERS, "jaccard", "the network", 800, [80, 80, 80], 100, ["Random"]),
    "ranks": lambda: agreement_matrix(MATRIX, SCORERS, "spearman", "fc", 800),
    "compatible": lambda: compatibility_table(pairs(), "criteria", "granularities", MEANINGS),
}


@pytest.mark.parametrize("name", ALL)
def test_every_chart_in_both_themes_with_its_words_and_its_table(name: str) -> None:
    chart = ALL[name]()
    light, dark = (chart.figure(theme, 490) for theme in ("light", "dark"))
    assert light.layout.template != dark.layout.template
    for figure in (light, dark):
        assert figure.layout.height > 100
        assert all(line <= 490 / 7 for line in map(len, figure.layout.title.text.split("<br>")))
    assert chart.title and chart.title in chart.alt
    assert len(pd.read_csv(io.BytesIO(chart.csv()))) == len(chart.table) > 0


def test_cells_of_the_scan_have_a_fixed_scale_and_forward_order() -> None:
    figure = ALL["scan"]().figure()
    heat = figure.data[0]
    assert list(heat.y) == list(ACCURACY) and list(heat.x) == ["50", "80", "95"] and (heat.zmin, heat.zmax) == (0, 100)
    np.testing.assert_allclose(heat.z, 100 * np.array(list(ACCURACY.values())))
    low, high = figure.layout.yaxis.range
    assert low > high
    assert heat.text[0][2] == "20"


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({}, "conv1 gives way first, 5 points lost with 80 % of it gone; 1 of 3 layers never cost that much"),
        ({"fc": (0.9, 0.9, 0.1)}, "conv1 gives way first, 5 points lost with 80 % of it gone, conv2 last, at 95 %"),
        ({"conv1": (0.9,) * 3, "conv2": (0.9,) * 3}, "No layer alone costs 5 points, up to 95 % of it removed"),
        ({"fc": (np.nan, np.nan, np.nan)}, "2 of 3 layers scanned"),
    ],
)
def test_title_of_the_scan(instead: dict[str, tuple[float, ...]], words: str) -> None:
    assert said(sensitivity_map(scan(**instead), 0.9, 1000, "validation")) == words


def test_a_scan_that_is_under_way_has_empty_cells() -> None:
    chart = sensitivity_map(scan(fc=(np.nan,) * 3), 0.9, 1000, "validation")
    assert np.isnan(np.asarray(chart.figure().data[0].z, dtype=float)[2]).all()
    assert chart.table["accuracy_percent"].isna().sum() == 3


def test_bad_scans_are_refused_in_words() -> None:
    with pytest.raises(BadValue, match="accuracy"):
        sensitivity_map(scan().drop(columns="accuracy"), 0.9, 1000, "validation")
    with pytest.raises(BadValue, match="each layer at each share"):
        sensitivity_map(scan().iloc[1:], 0.9, 1000, "validation")


def test_allocations_have_one_panel_each_and_the_same_axes() -> None:
    figure = ALL["allocations"]().figure()
    assert [bar.name for bar in figure.data] == ["Global", "Uniform"]
    assert list(figure.data[0].x) == [0, 50] and list(figure.data[1].x) == pytest.approx([20, 20])
    ranges = {tuple(figure.layout[axis].range) for axis in ("xaxis", "xaxis2")}
    assert len(ranges) == 1 and next(iter(ranges))[0] == 0
    assert list(figure.data[0].text) == ["empty", "50\u00a0%"]
    assert "<b>Uniform</b>" in [note.text for note in figure.layout.annotations]
    lines = [shape.x0 for shape in figure.layout.shapes]
    assert lines == [20, 20]


def test_title_of_the_allocations_names_the_layer_they_differ_about() -> None:
    assert said(ALL["allocations"]()) == (
        "At 80 % sparsity the allocations differ most about fc: Global keeps 50 % of it, Uniform 20 %"
    )
    same = shared().assign(removed=5)
    assert said(allocation_multiples(same, 800)) == "At 80 % sparsity all allocations share alike"
    with pytest.raises(BadValue, match="removed"):
        allocation_multiples(shared().drop(columns="removed"), 800)


def test_the_scatter_tells_four_outcomes_apart_and_cuts_where_the_layer_is_cut() -> None:
    chart = ALL["scatter"]()
    figure = chart.figure()
    table = points()
    first, second = table["first_removed"], table["second_removed"]
    sizes = [
        int((~first & ~second).sum()),
        int((first & second).sum()),
        int((first & ~second).sum()),
        int((~first & second).sum()),
    ]
    assert [len(trace.x) for trace in figure.data] == sizes and sum(sizes) == 100
    assert [trace.name.split("(")[1] for trace in figure.data] == ["30)", "50)", "5)", "15)"]
    assert len({trace.marker.symbol for trace in figure.data}) == 4
    cuts = [shape for shape in figure.layout.shapes if shape.name == "cut"]
    assert (cuts[0].x0, cuts[1].y0) == (pytest.approx(55), pytest.approx(65))
    assert list(figure.layout.xaxis.range) == list(figure.layout.yaxis.range)
    assert said(chart) == (
        "In fc Magnitude and Taylor decide differently on 20 % of the weights: 20 of 100 (rank correlation 0.50)"
    )


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((100, 0, 0, 0), "In fc neither A nor B removes anything"),
        ((60, 40, 0, 0), "In fc A and B remove the same channels"),
        ((0, 0, 0, 0), "fc has no channels to compare"),
    ],
)
def test_title_of_the_scatter_where_nobody_disagrees(counts: tuple[int, ...], words: str) -> None:
    given = dict(zip(COUNTS, counts, strict=True))
    assert said(score_scatter(points(), given, "fc", "A", "B", "channels")) == words


def test_names_of_layers_and_scorers_are_shown_as_they_are() -> None:
    chart = score_scatter(points(), COUNTS, "<b>fc</b>", "A<i>", "B", "weights")
    figure = chart.figure()
    assert "&lt;b&gt;fc" in figure.layout.title.text and "A&lt;i&gt;" in figure.layout.xaxis.title.text


def test_the_matrix_and_what_chance_alone_gives() -> None:
    chart = ALL["overlap"]()
    heat = chart.figure().data[0]
    np.testing.assert_array_equal(np.asarray(heat.z), MATRIX)
    assert (heat.zmin, heat.zmax) == (0, 1)
    expected = 0.8 * 0.8 / (0.8 + 0.8 - 0.8 * 0.8)
    np.testing.assert_allclose(np.asarray(heat.customdata), expected)
    generator = np.random.default_rng(0)
    sets = [generator.permutation(10_000) < 8000 for _ in range(2)]
    assert (sets[0] & sets[1]).sum() / (sets[0] | sets[1]).sum() == pytest.approx(expected, abs=0.02)
    assert said(chart) == (
        "In the network Magnitude and Taylor (0.80) are the only pair; two random choices at 80 % overlap by 0.67"
    )
    assert list(chart.table["jaccard"]) == [0.8, 0.3, 0.25]


def test_correlations_have_a_scale_around_zero() -> None:
    chart = ALL["ranks"]()
    for theme in ("light", "dark"):
        heat = chart.figure(theme).data[0]
        assert (heat.zmin, heat.zmax) == (-1, 1) and heat.colorscale[2][1] == KEPT.light
    assert said(chart) == "In fc Magnitude and Taylor (0.80) rank most alike, Taylor and Random (0.25) least"


def test_a_matrix_without_numbers_says_so() -> None:
    nothing: Any = [[None, None], [None, None]]
    assert "nothing is removed" in agreement_matrix(nothing, ["A", "B"], "jaccard", "fc", 0, [0, 0], 10).title
    with pytest.raises(BadValue, match="square"):
        agreement_matrix([[1.0]], ["A", "B"], "jaccard", "fc", 800)
    with pytest.raises(BadValue, match="'jaccard' or 'spearman'"):
        agreement_matrix(MATRIX, SCORERS, cast("Any", "cosine"), "fc", 800)


def test_marks_of_the_compatibility_table() -> None:
    chart = ALL["compatible"]()
    figure = chart.figure()
    found = {trace.name: list(zip(trace.x, trace.y, strict=True)) for trace in figure.data}
    assert found == {"ranks": [(0, 0), (1, 0)], "finds masks": [(0, 1)], "does not go": [(1, 1)]}
    assert "It gives masks of weights." in figure.data[2].customdata[0]
    assert figure.data[2].marker.color == CONTROL.light
    assert len({trace.marker.symbol for trace in figure.data}) == 3
    assert said(chart) == "3 of 4 pairs of criteria and granularities go together"
