"""Does a channel count buy time? Two convolutions with fewer and fewer channels between them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.results.charts.base import ROW, Chart, need, whiskers
from pruning.results.charts.latency_bars import milliseconds
from pruning.results.charts.palette import CONTROL, DENSE, FAINT, KEPT, PAPER, RECALIBRATED
from pruning.results.charts.sketch import Sketch
from pruning.results.speed import COUNTS, RUNTIMES

LOOKS = {"torch": (KEPT, "solid", "circle"), "onnxruntime": (RECALIBRATED, "dash", "square")}
ROUND, NEAR = 16, 4
"""Multiples that stand out, and how far above one a count lies that is compared with it."""


def channel_times(counts: pd.DataFrame, full: int, threads: int) -> Chart:
    """A line a runtime: time relative to all channels; multiples of 16 filled, and the share of MACs beside them.

    Args:
        counts: as ``pruning.results.speed.counts_frame`` makes it: ``runtime`` ("torch", "onnxruntime"), ``channels``,
            ``time`` (1 = as long as all channels), ``time_low``, ``time_high``, ``median_ms``, ``samples``, ``macs``.
        full: all channels.
        threads: with which it was measured.

    Raises:
        BadValue: a column is missing, or nothing was measured.
    """
    need(counts, COUNTS, "counts")
    if counts.empty:
        raise BadValue("Channel counts are compared by their times, of which there are none.")
    places = sorted(set(counts["channels"]))

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for count in (count for count in places if count % ROUND == 0):
            figure.add_vline(x=count, line={"color": FAINT[theme], "width": 6}, layer="below")
        figure.add_scatter(
            x=[places[0], full],
            y=[100 * places[0] / full, 100],
            mode="lines",
            name="theory: MACs",
            line={"color": CONTROL.colour(theme), "dash": "dot", "width": 2.5},
            hoverinfo="skip",
        )
        for runtime, (role, dash, symbol) in LOOKS.items():
            own = counts[counts["runtime"] == runtime].sort_values("channels")
            if own.empty:
                continue
            colour = role.colour(theme)
            fill = [colour if count % ROUND == 0 else PAPER[theme] for count in own["channels"]]
            figure.add_scatter(
                x=own["channels"],
                y=100 * own["time"],
                mode="lines+markers",
                name=RUNTIMES[runtime],
                cliponaxis=False,
                line={"color": colour, "dash": dash, "width": 2},
                marker={"symbol": symbol, "size": 10, "color": fill, "line": {"color": colour, "width": 2}},
                error_y=whiskers(100 * own["time"], 100 * own["time_low"], 100 * own["time_high"], colour, 1.2, 3),
                customdata=[[milliseconds(time), n] for time, n in zip(own["median_ms"], own["samples"], strict=True)],
                hovertemplate=f"%{{x}} channels: <b>%{{y:.0f}} % of the time of {full}</b><br>%{{customdata[0]}}, "
                f"%{{customdata[1]}} rounds<extra>{RUNTIMES[runtime]}</extra>",
            )
        figure.add_hline(y=100, line={"color": DENSE.colour(theme), "dash": "dash", "width": 1.5})
        top = max(110.0, 100 * float(counts["time_high"].max()) + 5)
        figure.update_layout(
            height=380,
            margin={"t": 10, "b": 10},
            hovermode="closest",
            showlegend=True,
            legend=ROW,
            xaxis={
                "range": [places[0] - 1.5, full + 1.5],
                "dtick": 8,
                "tick0": 0,
                "showgrid": False,
                "title": {"text": f"channels that are left (of {full}); bands: multiples of {ROUND}"},
            },
            yaxis={
                "range": [0, np.ceil(top / 5) * 5],
                "title": {"text": f"time (% of {full} channels), {threads} thread{'s' if threads > 1 else ''}"},
            },
        )
        return figure

    title = _title(counts, full)
    return Chart(
        name="channel-times",
        title=title,
        alt=f"Time of two convolutions with {places[0]} to {full} channels between them, relative to {full}, and the "
        f"share of MACs. {title}.",
        table=pd.DataFrame(
            {
                "runtime": counts["runtime"],
                "channels": counts["channels"],
                "time_percent_of_all": (100 * counts["time"].astype(float)).round(2),
                "quartile_low": (100 * counts["time_low"].astype(float)).round(2),
                "quartile_high": (100 * counts["time_high"].astype(float)).round(2),
                "macs_percent_of_all": (100 * counts["macs"].astype(float)).round(2),
                "median_ms": counts["median_ms"].astype(float).round(5),
                "rounds": counts["samples"],
            }
        ),
        draw=draw,
    )


def _title(counts: pd.DataFrame, full: int) -> str:
    """The largest clear jump just above a multiple of 16; without one, how far times lie from the MACs."""
    best: tuple[float, str] | None = None
    for runtime, rows in counts.groupby("runtime", sort=False):
        known = rows.set_index("channels")
        for count in known.index:
            under = count - count % ROUND
            if not 0 < count % ROUND <= NEAR or under not in known.index:
                continue
            one, other = known.loc[count], known.loc[under]
            jump = float(one["time"] - other["time"])
            if one["time_low"] > other["time_high"] and (best is None or jump > best[0]):
                best = (
                    jump,
                    (
                        f"{count} channels take {100 * one['time']:.0f} % of the time of {full}, {under} take "
                        f"{100 * other['time']:.0f} % ({RUNTIMES[str(runtime)]})"
                    ),
                )
    if best is not None:
        return best[1]
    return f"No count just above a multiple of {ROUND} takes clearly longer than that multiple"
