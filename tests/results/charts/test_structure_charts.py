"""Charts of the Structure page: what they say, what they draw, what they export."""

from __future__ import annotations

import pandas as pd
import pytest

from pruning.common.errors import BadValue
from pruning.results.charts.head_grid import head_grid
from pruning.results.charts.latency_bars import latency_bars, milliseconds
from pruning.results.charts.structure_bars import structure_bars
from pruning.results.structure import heads_frame, layers_frame, verdicts


def layer(name: str, channels: int, left: int) -> dict:
    return {"name": name, "channels": channels, "channels_left": left}


def structure(*layers: dict, left: dict | None = None) -> pd.DataFrame:
    return layers_frame({"layers": list(layers), "left": left or {}})


def latency(*rows: tuple[int, str, float, float]) -> list[dict]:
    """Batch, variant, median, half the distance of the quartiles."""
    return [
        {"batch": b, "variant": v, "median_ms": m, "low_ms": m - d, "high_ms": m + d, "samples": 9}
        for b, v, m, d in rows
    ]


QUIET = latency(
    (1, "dense", 4.0, 0.1),
    (1, "masked", 4.1, 0.1),
    (1, "small", 3.0, 0.1),
    (64, "dense", 100.0, 2.0),
    (64, "masked", 99.0, 2.0),
    (64, "small", 40.0, 1.0),
)


def said(chart) -> str:  # noqa: ANN001
    return chart.title.replace("\u00a0", " ")


def test_bars_count_channels_and_name_who_loses_most() -> None:
    chart = structure_bars(structure(layer("a", 16, 8), layer("b", 32, 2), layer("fc", 10, 10), left={"fc": "output"}))
    assert said(chart) == "38 of 58 output channels are gone; b keeps 2 of 32"
    figure = chart.figure("dark")
    assert list(figure.data[0].x) == [8, 2, 10] and list(figure.data[1].x) == [8, 30, 0]
    assert list(figure.data[1].text) == ["8 of 16", "2 of 32", "10"]
    assert list(chart.table["removed_count"]) == [8, 30, 0] and chart.table["left_alone_because"][2] == "output"


@pytest.mark.parametrize(
    ("layers", "title"),
    [
        ([layer("a", 4, 4)], "All 4 output channels stay"),
        ([layer("a", 4, 2), layer("b", 8, 4)], "6 of 12 output channels are gone: 50 % of every layer that can give"),
        ([layer("a", 4, 4), layer("b", 8, 0)], "1 of 2 layers is left out with their blocks"),
    ],
)
def test_what_the_bars_say(layers: list[dict], title: str) -> None:
    assert said(structure_bars(structure(*layers))) == title


def test_a_layer_that_went_with_its_block_is_struck_out() -> None:
    figure = structure_bars(structure(layer("a", 4, 4), layer("b", 8, 0))).figure()
    assert list(figure.layout.yaxis.ticktext) == ["a", "<s>b</s>"]


def test_very_different_widths_are_shown_as_shares() -> None:
    figure = structure_bars(structure(layer("a", 64, 32), layer("b", 4096, 1024))).figure()
    assert list(figure.data[0].x) == [50, 25] and "% of the layer" in figure.layout.xaxis.title.text


def test_heads_stand_in_a_grid() -> None:
    frame = heads_frame({"heads": [{"name": "a", "kept": [True, False]}, {"name": "b", "kept": [True, True]}]})
    chart = head_grid(frame)
    assert said(chart) == "3 of 4 heads stay; a keeps 1"
    kept, removed = chart.figure().data
    assert list(zip(kept.y, kept.x, strict=True)) == [("a", 0), ("b", 0), ("b", 1)]
    assert list(zip(removed.y, removed.x, strict=True)) == [("a", 1)]


def test_times_are_relative_to_dense_and_beside_the_theory() -> None:
    chart = latency_bars(pd.DataFrame(QUIET), 4.0, 1)
    assert said(chart) == (
        "Measured 1.3 times faster at 1 and 2.5 times faster at 64 images a pass; in theory 4.0 times"
    )
    figure = chart.figure()
    bars = {trace.name: list(trace.x) for trace in figure.data if trace.type == "bar"}
    assert bars == {"dense": [100, 100], "masked (zeros)": pytest.approx([102.5, 99]), "small (removed)": [75, 40]}
    assert figure.layout.shapes[0].x0 == 25 and figure.data[2].error_x.array == pytest.approx((2.5, 1))
    assert chart.table["percent_of_dense"].tolist() == [100, 102.5, 75, 100, 99, 40]


def test_times_that_spread_too_far_are_no_finding() -> None:
    rows = latency((1, "dense", 4.0, 1.0), (1, "masked", 4.1, 0.1), (1, "small", 3.0, 0.1))
    assert said(latency_bars(pd.DataFrame(rows), 4.0, 2)) == (
        "No measurable speed-up at 1 image a pass; in theory 4.0 times faster"
    )
    mixed = [*rows, *QUIET[3:]]
    assert said(latency_bars(pd.DataFrame(mixed), 4.0, 2)) == (
        "Measured 2.5 times faster at 64 images a pass; in theory 4.0 times; no measurable speed-up at 1"
    )
    one, many = verdicts({"rows": mixed})
    assert "1 image a pass.** Without the masked units: no measurable speed-up." in one
    assert "Without the masked units: 2.5 times faster. With zeros in their place: no measurable speed-up" in many
    with pytest.raises(BadValue, match="relative to the dense"):
        latency_bars(pd.DataFrame(rows[1:]), 4.0, 1)


def test_milliseconds_in_words() -> None:
    assert [milliseconds(x).replace("\u00a0", " ") for x in (0.123, 12.34, 123.4)] == ["0.12 ms", "12.3 ms", "123 ms"]
