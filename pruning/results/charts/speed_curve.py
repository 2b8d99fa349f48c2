"""How does measured speed follow the share removed, and what do the MACs promise?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.common.levels import in_percent, to_percent
from pruning.results.charts.base import ROW, Chart, need, whiskers
from pruning.results.charts.latency_bars import milliseconds
from pruning.results.charts.palette import CONTROL, DENSE, INK, KEPT, RECALIBRATED
from pruning.results.charts.sketch import Sketch
from pruning.results.speed import CURVE, factor, images

LOOKS = ((KEPT, "solid", "circle"), (RECALIBRATED, "dash", "square"), (CONTROL, "longdash", "triangle-up"))
"""One look a batch size, the largest first."""
TICKS = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


def speed_curve(curve: pd.DataFrame, level: int, unit: str, threads: int) -> Chart:
    """A line a batch size on a logarithmic axis, with quartiles; the theory above them, and dense at one.

    Args:
        curve: as ``pruning.results.speed.curve_frame`` makes it: ``level`` (per mille), ``batch``, ``faster``,
            ``faster_low``, ``faster_high``, ``median_ms``, ``samples`` and ``promised``.
        level: the slider's, per mille; the title speaks of the measured level nearest to it.
        unit: what is removed ("channels").
        threads: with which it was measured.

    Raises:
        BadValue: a column is missing, or nothing but the dense network was measured.
    """
    need(curve, CURVE, "curve")
    levels = sorted(set(curve["level"]) - {0})
    if not levels:
        raise BadValue("A speed curve needs at least one level beside the dense network.")
    batches = sorted(set(curve["batch"]), reverse=True)
    promised = curve.drop_duplicates("level").sort_values("level")

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        figure.add_scatter(
            x=to_percent(promised["level"]),
            y=promised["promised"],
            mode="lines",
            name="theory: MACs",
            line={"color": CONTROL.colour(theme), "dash": "dot", "width": 2.5},
            hovertemplate="MACs promise <b>%{y:.2f} times</b> at %{x:g} %<extra></extra>",
        )
        for batch, (role, dash, symbol) in zip(batches, LOOKS, strict=False):
            own = curve[curve["batch"] == batch].sort_values("level")
            at = f"{images(int(batch))} a pass"
            figure.add_scatter(
                x=to_percent(own["level"]),
                y=own["faster"],
                mode="lines+markers",
                name=f"measured, {at}",
                line={"color": role.colour(theme), "dash": dash, "width": 2.5},
                marker={"symbol": symbol, "size": 9, "color": role.colour(theme)},
                cliponaxis=False,
                error_y=whiskers(own["faster"], own["faster_low"], own["faster_high"], role.colour(theme)),
                customdata=[
                    [milliseconds(time), count] for time, count in zip(own["median_ms"], own["samples"], strict=True)
                ],
                hovertemplate=f"%{{x:g}} % removed, {at}<br><b>%{{y:.2f}} times as fast as dense</b>"
                "<br>%{customdata[0]}, %{customdata[1]} rounds<extra></extra>",
            )
        figure.add_hline(y=1, line={"color": DENSE.colour(theme), "dash": "dash", "width": 1.5})
        figure.add_annotation(
            x=1,
            xref="paper",
            xanchor="right",
            y=0,
            yanchor="top",
            text="dense",
            showarrow=False,
            yshift=-2,
            font={"color": INK[theme]},
            name="dense",
        )
        figure.add_vline(x=to_percent(level), line={"color": INK[theme], "width": 1.5, "dash": "dot"}, opacity=0.6)
        low = min(0.8, float(curve["faster_low"].min()) * 0.9)
        high = max(float(curve["faster_high"].max()), float(promised["promised"].max())) * 1.15
        figure.update_layout(
            height=400,
            margin={"t": 10, "b": 10},
            hovermode="closest",
            showlegend=True,
            legend=ROW,
            xaxis={"range": [-2, 100], "dtick": 10, "title": {"text": f"{unit} removed (%)"}},
            yaxis={
                "type": "log",
                "range": [np.log10(low), np.log10(high)],
                "tickvals": TICKS,
                "title": {"text": f"times as fast as dense, {threads} thread{'s' if threads > 1 else ''}"},
            },
        )
        return figure

    title = _title(curve, min(levels, key=lambda one: abs(one - level)), batches, unit)
    return Chart(
        name="speed-curve",
        title=title,
        alt=f"Measured speed-up over the dense network against the share of {unit} removed, at "
        f"{' and '.join(images(int(batch)) for batch in reversed(batches))} a pass, beside the ratio of MACs. {title}.",
        table=pd.DataFrame(
            {
                "removed_percent": to_percent(curve["level"]),
                "batch_images": curve["batch"],
                "times_as_fast_as_dense": curve["faster"].astype(float).round(4),
                "quartile_low": curve["faster_low"].astype(float).round(4),
                "quartile_high": curve["faster_high"].astype(float).round(4),
                "median_ms": curve["median_ms"].astype(float).round(4),
                "rounds": curve["samples"],
                "macs_dense_over_small": curve["promised"].astype(float).round(4),
            }
        ),
        draw=draw,
    )


def _title(curve: pd.DataFrame, level: int, batches: list[int], unit: str) -> str:
    """What the operations promise at one level, and what the clock says at each batch size."""
    here = curve[curve["level"] == level].set_index("batch")["faster"]
    said = [f"{factor(float(here[batch]))} at {images(int(batch))}" for batch in batches if batch in here.index]
    promised = factor(float(curve.loc[curve["level"] == level, "promised"].iloc[0]))
    text = f"{in_percent(level)} of the {unit} gone: in theory {promised} times as fast"
    return f"{text}, the clock says {' and '.join(said)} a pass"
