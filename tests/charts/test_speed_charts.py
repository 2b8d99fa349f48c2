"""Charts of measured speed: what they say, what they draw, what they export."""

from __future__ import annotations

import pandas as pd
import pytest

from pruning.charts.speed_curve import speed_curve
from pruning.errors import BadValue


def said(chart) -> str:  # noqa: ANN001
    return chart.title.replace("\u00a0", " ")


def curve(*rows: tuple[int, int, float, float]) -> pd.DataFrame:
    """Batch, level, times as fast, promised; quartiles 0.1 to both sides."""
    return pd.DataFrame(
        [
            {"batch": b, "level": n, "faster": f, "faster_low": f - 0.1, "faster_high": f + 0.1, "median_ms": 8 / f,
             "samples": 7, "promised": p}
            for b, n, f, p in rows
        ]
    )  # fmt: skip


RISING = curve((1, 0, 1.0, 1.0), (1, 500, 1.4, 4.0), (1, 900, 1.8, 90.0),
               (64, 0, 1.0, 1.0), (64, 500, 2.6, 4.0), (64, 900, 4.9, 90.0))  # fmt: skip


def test_the_speed_curve_stands_beside_what_the_macs_promise() -> None:
    chart = speed_curve(RISING, 600, "channels", 2)
    assert said(chart) == (
        "50 % of the channels gone: MACs promise 4.0 times, the clock says 2.6 at 64 images and 1.4 at 1 image a pass"
    )
    figure = chart.figure("dark")
    assert [trace.name for trace in figure.data] == [
        "theory: MACs", "measured, 64 images a pass", "measured, 1 image a pass",
    ]  # fmt: skip
    assert list(figure.data[0].x) == [0, 50, 90] and list(figure.data[0].y) == [1, 4, 90]
    assert list(figure.data[2].y) == [1, 1.4, 1.8] and figure.data[2].error_y.array == pytest.approx((0.1, 0.1, 0.1))
    assert figure.layout.yaxis.type == "log" and 10 ** figure.layout.yaxis.range[1] > 90
    assert "2 threads" in figure.layout.yaxis.title.text and figure.layout.shapes[1].x0 == 60
    assert list(chart.table["macs_dense_over_small"]) == [1, 4, 90, 1, 4, 90]


def test_a_curve_without_any_level_is_refused() -> None:
    with pytest.raises(BadValue, match="at least one level"):
        speed_curve(curve((1, 0, 1.0, 1.0)), 500, "channels", 1)
