"""Charts of measured speed: what they say, what they draw, what they export."""

from __future__ import annotations

import pandas as pd
import pytest

from pruning.common.errors import BadValue
from pruning.results.charts.channel_times import channel_times
from pruning.results.charts.sparse_speed import sparse_speed
from pruning.results.charts.speed_curve import speed_curve


def said(chart) -> str:  # noqa: ANN001
    return chart.title.replace("\u00a0", " ")


def curve(*rows: tuple[int, int, float, float]) -> pd.DataFrame:
    """Batch, level, times as fast, promised; quartiles 0.1 to both sides."""
    return pd.DataFrame(
        [
            {
                "batch": b,
                "level": n,
                "faster": f,
                "faster_low": f - 0.1,
                "faster_high": f + 0.1,
                "median_ms": 8 / f,
                "samples": 7,
                "promised": p,
            }
            for b, n, f, p in rows
        ]
    )


RISING = curve(
    (1, 0, 1.0, 1.0),
    (1, 500, 1.4, 4.0),
    (1, 900, 1.8, 90.0),
    (64, 0, 1.0, 1.0),
    (64, 500, 2.6, 4.0),
    (64, 900, 4.9, 90.0),
)


def test_the_speed_curve_stands_beside_what_the_macs_promise() -> None:
    chart = speed_curve(RISING, 600, "channels", 2)
    assert said(chart) == (
        "50 % of the channels gone: in theory 4.0 times as fast, "
        "the clock says 2.6 at 64 images and 1.4 at 1 image a pass"
    )
    figure = chart.figure("dark")
    assert [trace.name for trace in figure.data] == [
        "theory: MACs",
        "measured, 64 images a pass",
        "measured, 1 image a pass",
    ]
    assert list(figure.data[0].x) == [0, 50, 90] and list(figure.data[0].y) == [1, 4, 90]
    assert list(figure.data[2].y) == [1, 1.4, 1.8] and figure.data[2].error_y.array == pytest.approx((0.1, 0.1, 0.1))
    assert figure.layout.yaxis.type == "log" and 10 ** figure.layout.yaxis.range[1] > 90
    assert "2 threads" in figure.layout.yaxis.title.text and figure.layout.shapes[1].x0 == 60
    assert list(chart.table["macs_dense_over_small"]) == [1, 4, 90, 1, 4, 90]


def test_a_curve_without_any_level_is_refused() -> None:
    with pytest.raises(BadValue, match="at least one level"):
        speed_curve(curve((1, 0, 1.0, 1.0)), 500, "channels", 1)


def counts(*rows: tuple[str, int, float]) -> pd.DataFrame:
    """Runtime, channels, time relative to 64; quartiles 0.01 to both sides."""
    return pd.DataFrame(
        [
            {
                "runtime": r,
                "channels": c,
                "time": t,
                "time_low": t - 0.01,
                "time_high": t + 0.01,
                "median_ms": 5 * t,
                "samples": 9,
                "macs": c / 64,
            }
            for r, c, t in rows
        ]
    )


def test_the_count_just_above_a_multiple_is_named() -> None:
    chart = channel_times(
        counts(
            ("torch", 64, 1.0),
            ("torch", 49, 0.8),
            ("torch", 48, 0.79),
            ("onnxruntime", 64, 1.0),
            ("onnxruntime", 49, 0.93),
            ("onnxruntime", 48, 0.77),
            ("onnxruntime", 63, 1.12),
        ),
        64,
        1,
    )
    assert said(chart) == "49 channels take 93 % of the time of 64, 48 take 77 % (ONNX Runtime)"
    theory, torch_, onnx = chart.figure("dark").data
    assert list(theory.x) == [48, 64] and list(theory.y) == [75, 100]
    assert list(torch_.y) == [79, 80, 100] and list(onnx.x) == [48, 49, 63, 64]
    assert [colour == onnx.marker.line.color for colour in onnx.marker.color] == [True, False, False, True]
    assert chart.table["macs_percent_of_all"].max() == 100
    flat = channel_times(counts(("torch", 64, 1.0), ("torch", 33, 0.51), ("torch", 32, 0.5)), 64, 1)
    assert said(flat) == "No count just above a multiple of 16 takes clearly longer than that multiple"
    with pytest.raises(BadValue, match="of which there are none"):
        channel_times(counts(("torch", 64, 1.0)).iloc[:0], 64, 1)


def sparse(*rows: tuple[int, str, int, float]) -> pd.DataFrame:
    """Batch, form, sparsity, times as fast; quartiles a twentieth to both sides."""
    return pd.DataFrame(
        [
            {
                "batch": b,
                "form": f,
                "level": s,
                "faster": r,
                "faster_low": 0.95 * r,
                "faster_high": 1.05 * r,
                "median_ms": 1 / r,
                "samples": 9,
            }
            for b, f, s, r in rows
        ]
    )


def test_the_crossover_is_the_title() -> None:
    chart = sparse_speed(
        sparse(
            (1, "dense", 0, 1.0),
            (1, "csr", 500, 0.2),
            (1, "csr", 990, 0.8),
            (64, "dense", 0, 1.0),
            (64, "csr", 500, 0.8),
            (64, "csr", 990, 12.0),
            (64, "block", 500, 1.5),
            (64, "block", 990, 9.0),
        ),
        1024,
        1,
    )
    assert said(chart) == (
        "Zeros pay without removal from 50 % on at 64 inputs a pass (blocks of 16x16), never at 1 input a pass"
    )
    figure = chart.figure()
    assert [(trace.name, trace.showlegend, list(trace.y)) for trace in figure.data] == [
        ("CSR", True, [0.2, 0.8]),
        ("CSR", False, [0.8, 12]),
        ("blocks of 16x16", True, [1.5, 9]),
    ]
    assert "dense" not in set(chart.table["form"]) and len(chart.table) == 6
    with pytest.raises(BadValue, match="no other form"):
        sparse_speed(sparse((1, "dense", 0, 1.0)), 1024, 1)
