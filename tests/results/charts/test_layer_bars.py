"""Layer bars: what each layer gives, how large it is, and a click anywhere in its row."""

from __future__ import annotations

import pandas as pd
import pytest

from pruning.common.errors import BadValue
from pruning.results.charts.layer_bars import layer_bars


@pytest.fixture
def layers() -> pd.DataFrame:
    rows = [("fc", 2, 900, 900), ("conv1", 0, 100, 5), ("block.conv", 1, 4000, 3000)]
    return pd.DataFrame(rows, columns=["layer", "order", "weights", "removed"])


def test_bars_are_shares_in_forward_order(layers: pd.DataFrame) -> None:
    figure = layer_bars(layers, 800).figure()
    removed, part = (next(t for t in figure.data if t.name == name) for name in ("removed", "part of all weights"))
    assert list(removed.y) == ["conv1", "block.conv", "fc"]
    assert list(removed.x) == [5, 75, 100]
    assert list(part.x) == pytest.approx([2, 80, 18])
    assert list(figure.layout.yaxis.range) == [2.5, -0.5]  # the first layer on top


def test_an_emptied_layer_is_called_out_in_words_and_pattern(layers: pd.DataFrame) -> None:
    removed = next(t for t in layer_bars(layers, 800).figure().data if t.name == "removed")
    assert [text.replace("\u00a0", " ") for text in removed.text] == ["5 %", "75 %", "layer collapse"]
    assert list(removed.marker.pattern.shape) == ["", "", "x"]


def test_every_point_names_its_layer_for_a_click_and_none_fades(layers: pd.DataFrame) -> None:
    figure = layer_bars(layers, 800, baseline=layers).figure()
    assert len(figure.data) == 4
    for trace in figure.data:
        assert [row[0] for row in trace.customdata] == ["conv1", "block.conv", "fc"]
        assert trace.hoverinfo != "skip"  # plotly sends no click from skipped points
        assert trace.unselected.marker.opacity == 1
    track = next(t for t in figure.data if t.name == "kept")
    assert list(track.x) == [100, 100, 100]


def test_the_pinned_setting_is_matched_by_name(layers: pd.DataFrame) -> None:
    pinned = layers.assign(removed=[450, 50, 1000]).iloc[::-1].iloc[:2]  # block.conv and conv1 only
    chart = layer_bars(layers, 800, baseline=pinned)
    mark = next(t for t in chart.figure().data if t.name == "pinned")
    assert list(mark.x)[:2] == [50, 25] and mark.x[2] != mark.x[2]
    assert list(chart.table["pinned_removed_percent"])[:2] == [50, 25]


def test_axes_stand_still(layers: pd.DataFrame) -> None:
    one, other = (layer_bars(layers.assign(removed=gone), level).figure() for gone, level in ((0, 0), (90, 900)))
    for axis in ("xaxis", "yaxis", "shapes"):
        assert one.layout[axis] == other.layout[axis]
    assert one.layout.meta["height"] == other.layout.meta["height"]
    assert list(one.layout.xaxis.range) == [0, 100]


@pytest.mark.parametrize(
    ("removed", "level", "words"),
    [
        ([0, 0, 0], 0, "Nothing removed yet; block.conv holds 80 % of the weights"),
        ([450, 90, 400], 178, "conv1 gives 90 % and holds 2 % of all weights"),
        ([900, 5, 3000], 800, "Layer collapse: fc has no weights left"),
        ([900, 100, 3000], 800, "Layer collapse: 2 of 3 layers have no weights left"),
        ([900, 100, 4000], 1000, "Every layer is empty"),
        ([450, 50, 2000], 500, "Every layer gives 50 % of its weights"),
    ],
)
def test_title_is_the_finding(layers: pd.DataFrame, removed: list[int], level: int, words: str) -> None:
    assert layer_bars(layers.assign(removed=removed), level).title.replace("\u00a0", " ") == words


def test_table_has_units(layers: pd.DataFrame) -> None:
    table = layer_bars(layers, 800).table
    assert list(table.columns) == [
        "layer",
        "level_permille",
        "weights_count",
        "removed_count",
        "removed_percent",
        "part_of_all_weights_percent",
    ]
    assert table.iloc[0].to_dict() == {
        "layer": "conv1",
        "level_permille": 800,
        "weights_count": 100,
        "removed_count": 5,
        "removed_percent": 5.0,
        "part_of_all_weights_percent": 2.0,
    }


def test_a_table_without_weights_is_refused(layers: pd.DataFrame) -> None:
    with pytest.raises(BadValue, match="weights"):
        layer_bars(layers.drop(columns="weights"), 800)
