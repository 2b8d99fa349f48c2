"""Room for the words of axes: estimates that never take a chart's own room away."""

from __future__ import annotations

from typing import Any

import pytest

from pruning.results.charts.base import ROW
from pruning.results.charts.room import EDGE, LEGEND, OVERHANG, room

LINE: dict[str, Any] = {"type": "scatter", "x": [0], "y": [0]}
NAMED: dict[str, Any] = {"xaxis": {"title": {"text": "x"}}, "yaxis": {"title": {"text": "y"}}, "legend": ROW}


def test_a_chart_keeps_the_room_that_it_asks_for() -> None:
    assert room([LINE], {"margin": {"l": 300, "r": 200, "b": 400}}) == {"l": 300, "r": 200, "b": 400}


@pytest.mark.parametrize(
    ("traces", "rows"),
    [
        ([LINE], 0),
        ([LINE, LINE], 1),
        ([LINE, {**LINE, "showlegend": False}], 1),  # plotly counts both and names one
        ([{**LINE, "showlegend": False}] * 2, 0),
        ([{**LINE, "showlegend": True}], 1),
        ([{"type": "heatmap", "showscale": False}, LINE], 0),
    ],
)
def test_a_legend_has_a_line_where_plotly_draws_one(traces: list[dict[str, Any]], rows: int) -> None:
    without = room(traces, {**NAMED, "legend": {}})["b"]
    assert room(traces, NAMED)["b"] - without == rows * LEGEND


def test_longer_words_get_more_room_and_tags_none() -> None:
    def beside(*words: str) -> float:
        return room([LINE], {"yaxis": {"ticktext": list(words)}})["l"]

    assert beside("fc1", "stage3.2.conv2.weight") > beside("stage3.2.conv2") > beside("fc1")
    assert beside("<b>fc1</b>") == beside("fc1")


def test_hidden_axes_and_those_on_other_sides_get_none() -> None:
    bare = {"xaxis": {"visible": False}, "yaxis": {"showticklabels": False}}
    assert room([LINE], bare) == {"l": 10, "r": 10, "b": 10}
    assert room([LINE], {"xaxis": {"side": "top"}, "yaxis": {"side": "right"}}) == {"l": 10, "r": 10, "b": 10}
    assert room([LINE], {})["r"] == OVERHANG > EDGE
