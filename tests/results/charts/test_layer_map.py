"""The layer map shows what the profile says, where the profile says it."""

from __future__ import annotations

import time
from typing import cast

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning.common.errors import BadValue
from pruning.results.charts.axes import Axis
from pruning.results.charts.layer_map import layer_map
from tests.results.charts.tables import LAYERS, make_profile


def cursor_of(figure: go.Figure) -> float:
    places = {shape.x0 for shape in figure.layout.shapes if shape.name == "cursor"}
    assert len(places) == 1
    return places.pop()


def test_cells_are_removed_over_weights_with_the_first_layer_on_top(profile: pd.DataFrame) -> None:
    figure = layer_map(profile, 800).figure()
    heat = figure.data[0]
    assert list(heat.y) == list(LAYERS)
    low, high = figure.layout.yaxis.range
    assert low > high  # a category axis grows upward unless its range is turned round
    for row, (name, (weights, _)) in enumerate(LAYERS.items()):
        removed = profile[profile["layer"] == name].sort_values("level")["removed"].to_numpy()
        np.testing.assert_allclose(np.asarray(heat.z)[row], 100 * removed / weights, atol=1)
        np.testing.assert_array_equal(np.asarray(heat.customdata)[row], weights - removed)
    assert (heat.zmin, heat.zmax, heat.x0, heat.dx) == (0, 100, 0, 0.1)


def test_columns_of_the_logarithmic_axis_lie_around_their_levels(profile: pd.DataFrame) -> None:
    heat = layer_map(profile, 800, "remaining").figure().data[0]
    edges = np.asarray(heat.x)
    assert len(edges) == np.asarray(heat.z).shape[1] + 1
    linear = np.asarray(layer_map(profile, 800).figure().data[0].z)
    for level in (0, 1, 500, 975, 999):
        column = np.searchsorted(edges, (1000 - level) / 10) - 1
        np.testing.assert_array_equal(np.asarray(heat.z)[:, column], linear[:, level])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)), min_size=1, max_size=4))
def test_no_cell_reads_full_or_whole_by_rounding(layers: list[tuple[int, int]]) -> None:
    frames = []
    for order, (weights, at_end) in enumerate(layers):
        removed = np.minimum(weights, np.arange(1001) * at_end // 1000)
        frames.append(
            pd.DataFrame(
                {"layer": f"l{order}", "order": order, "weights": weights, "level": range(1001), "removed": removed}
            )
        )
    cells = np.asarray(layer_map(pd.concat(frames), 0).figure().data[0].z)
    for row, (frame, (weights, _)) in enumerate(zip(frames, layers, strict=True)):
        removed = frame["removed"].to_numpy()
        np.testing.assert_array_equal(cells[row] == 100, removed == weights)
        np.testing.assert_array_equal(cells[row] == 0, removed == 0)


@pytest.mark.parametrize(
    ("axis", "level", "place"),
    [
        ("sparsity", 0, 0),
        ("sparsity", 805, 80.5),
        ("sparsity", 1000, 100),
        ("remaining", 0, 100),
        ("remaining", 975, 2.5),
        ("remaining", 1000, 0.1),
    ],
)
def test_cursor_stands_at_the_level(profile: pd.DataFrame, axis: Axis, level: int, place: float) -> None:
    figure = layer_map(profile, level, axis).figure()
    assert cursor_of(figure) == pytest.approx(place)
    note = next(a for a in figure.layout.annotations if a.name == "cursor")
    assert note.x == pytest.approx(place if axis == "sparsity" else np.log10(place))


def test_collapse_is_marked_at_the_first_empty_level_only_where_it_comes_before_the_end(profile: pd.DataFrame) -> None:
    places: dict[Axis, float] = {"sparsity": 97.5, "remaining": 2.5}
    for axis, place in places.items():
        marks = layer_map(profile, 0, axis).figure().data[1]
        assert (list(marks.y), list(marks.x)) == (["fc"], [pytest.approx(place)])
    calm = make_profile({"a": (10, 1000), "b": (20, 1100)})
    assert len(layer_map(calm, 0).figure().data) == 1


def test_nothing_but_the_cursor_moves_with_the_slider(profile: pd.DataFrame) -> None:
    one, other = (layer_map(profile, level).figure() for level in (100, 990))
    assert one.layout.xaxis == other.layout.xaxis and one.layout.yaxis == other.layout.yaxis
    assert one.layout.meta["height"] == other.layout.meta["height"] and one.data == other.data
    assert list(one.layout.xaxis.range) == [0, 100]
    assert list(layer_map(profile, 5, "remaining").figure("dark").layout.xaxis.range) == [2, -1]


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (0, "Nothing removed yet; fc would be empty first, at 97.5 %"),
        (800, "At 80 % sparsity fc loses most (82 %), conv1 least (66 %)"),
        (975, "At 97.5 % sparsity fc is empty, from 97.5 % on"),
        (1000, "At 100 % every layer is empty"),
    ],
)
def test_title_is_the_finding(profile: pd.DataFrame, level: int, words: str) -> None:
    chart = layer_map(profile, level)
    assert chart.title.replace("\u00a0", " ") == words
    assert chart.title in chart.alt and "3 layers" in chart.alt


def test_table_holds_units_and_every_level(profile: pd.DataFrame) -> None:
    table = layer_map(profile, 800).table
    assert list(table.columns) == [
        "layer",
        "order",
        "level_permille",
        "weights_count",
        "removed_count",
        "removed_percent",
    ]
    assert len(table) == 3 * 1001
    row = table[(table["layer"] == "fc") & (table["level_permille"] == 500)].iloc[0]
    assert (row["removed_count"], row["removed_percent"]) == (461, pytest.approx(100 * 461 / 900, abs=1e-3))


def test_selected_layer_is_framed_and_bold(profile: pd.DataFrame) -> None:
    figure = layer_map(profile, 800, selected="block.conv").figure()
    frame = next(shape for shape in figure.layout.shapes if shape.name == "selected")
    assert (frame.y0, frame.y1) == (0.5, 1.5)
    assert "<b>block.conv</b>" in figure.layout.yaxis.ticktext


def test_bad_profiles_are_refused_in_words(profile: pd.DataFrame) -> None:
    with pytest.raises(BadValue, match="each level"):
        layer_map(profile.iloc[1:], 800)
    with pytest.raises(BadValue, match="removed"):
        layer_map(profile.drop(columns="removed"), 800)
    with pytest.raises(BadValue, match="1001"):
        layer_map(profile, 1001)
    with pytest.raises(BadValue, match="axis"):
        layer_map(profile, 10, cast("Axis", "sideways")).figure()


def test_sixty_layers_are_small_and_quick_enough_for_a_slider() -> None:
    large = make_profile({f"stage{at}.conv": (1000 + 3 * at, 990 + at) for at in range(60)})
    took = []
    for _ in range(5):
        start = time.process_time()
        figure = layer_map(large, 900).figure()
        took.append(time.process_time() - start)
    assert len(figure.to_json()) < 300_000
    assert min(took) < 0.15  # seconds of CPU, so that a busy machine does not count; 0.04 was measured
