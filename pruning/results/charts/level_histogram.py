"""Where do a layer's weights lie, and which values are left to them? Histogram and grid, in steps of the scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pruning.results.charts.base import ROW, Chart, need, percent
from pruning.results.charts.palette import INK, KEPT, REMOVED
from pruning.results.charts.sketch import Sketch

LINES = 40
"""Levels that are drawn one by one; more would be a grey wall, and stand in the table alone."""


def level_histogram(
    bins: pd.DataFrame, levels: pd.DataFrame, layer: str, bits: int, scale: Sequence[float] | None
) -> Chart:
    """Bars of the weights before rounding; a line and a dot at each level: how many weights went to it.

    Args:
        bins: ``left``, ``right`` (edges, in steps) and ``count``.
        levels: ``level`` (steps from zero) and ``count``; empty for floating-point formats.
        layer: its name.
        bits: of a weight.
        scale: lowest, median and highest step of the layer's channels; None: the weights are shown as they are.

    Raises:
        BadValue: when a column is missing.
    """
    need(bins, ("left", "right", "count"), "bins")
    need(levels, ("level", "count"), "levels")
    left, right, count = (bins[name].to_numpy(np.float64) for name in ("left", "right", "count"))
    place, went = levels["level"].to_numpy(np.int64), levels["count"].to_numpy(np.int64)
    drawn = 0 < len(place) <= LINES
    unit = "weight before rounding" if scale is None else "weight before rounding, in steps of its channel's scale"

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        figure.add_bar(
            x=(left + right) / 2,
            width=right - left,
            y=count,
            name="weights before",
            showlegend=True,
            marker={"color": KEPT.tint(theme, 0.55), "line": {"width": 0}},
            hovertemplate="%{x:.3~g}<br><b>%{y:,} weights</b><extra>before</extra>",
        )
        if drawn:
            xs = np.column_stack([place, place, np.full(len(place), np.nan)]).ravel()
            ys = np.column_stack([np.zeros(len(place)), went, np.full(len(place), np.nan)]).ravel()
            line = {"color": REMOVED.colour(theme), "width": 2}
            figure.add_scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", showlegend=False)
            figure.add_scatter(
                x=place,
                y=went,
                mode="markers",
                name="levels after",
                showlegend=True,
                cliponaxis=False,
                marker={
                    "color": REMOVED.colour(theme),
                    "size": 9,
                    "symbol": "diamond",
                    "line": {"color": INK[theme], "width": 1},
                },
                hovertemplate="level %{x}<br><b>%{y:,} weights</b><extra>after</extra>",
            )
        figure.update_layout(
            height=350,
            bargap=0,
            margin={"t": 12, "b": 10},
            legend=ROW,
            xaxis={"title": {"text": unit}, "nticks": 9, "range": [left.min(initial=0), right.max(initial=1)]},
            yaxis={"title": {"text": "weights (count)"}, "nticks": 5, "rangemode": "tozero"},
        )
        return figure

    title = _title(place, went, layer, bits)
    return Chart(
        name=f"levels-{layer}",
        title=title,
        alt=f"Histogram of the weights of {layer} before rounding, and the levels they are rounded to. {title}.",
        table=pd.concat(
            [
                pd.DataFrame({"what": "before", "left_steps": left, "right_steps": right, "count": count.astype(int)}),
                pd.DataFrame({"what": "level", "left_steps": place, "right_steps": place, "count": went}),
            ]
        ),
        draw=draw,
    )


def _title(place: np.ndarray, went: np.ndarray, layer: str, bits: int) -> str:
    if not len(place):
        return f"{layer} in {bits} bits: a grid finer than the eye"
    zero = int(went[place == 0].sum()) / max(1, int(went.sum()))
    # Scales and zero points differ, so that levels of different channels or groups lie at different steps.
    most = min(len(place), 2**bits)
    return (
        f"{bits} bits leave {layer} at most {most} levels for each scale; {percent(zero, 0)} of its weights become zero"
    )
