"""Which criterion keeps accuracy longest? Curves side by side, several seeds each, with dense and chance."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from pruning.results.charts.base import BELOW, Chart, amount, need, percent, plain, short
from pruning.results.charts.curve_looks import NAMES, STYLES, layout, places
from pruning.results.charts.levels import level_percent
from pruning.results.charts.marks import band, blank, hollow_entry, note, reference_line
from pruning.results.charts.palette import CONTROL, DENSE, INK, PAPER, Role
from pruning.results.charts.sketch import Sketch
from pruning.results.curves import AXES, MEANS, POINTS, CurveAxis, markers_frame, points_export, summary_frame


def curves(
    points: pd.DataFrame,
    means: pd.DataFrame,
    axis: CurveAxis = AXES[0],
    dense: float | None = None,
    chance: float | None = None,
    controls: Collection[str] = (),
    bytes_dense: float = math.nan,
    split: str = "test",
    pending: bool = False,
    planned: Mapping[str, int] | None = None,
    about: Mapping[str, str] | None = None,
) -> Chart:
    """The comparison.

    Args:
        points: every measured point, as ``pruning.results.curves.points_frame`` makes them.
        means: their means over seeds, as ``means_frame`` makes them.
        axis: "sparsity", "compression" (logarithmic), "macs" or "bytes".
        dense: accuracy before pruning (0..1), the mean over the seeds; None before it is known.
        chance: accuracy of guessing (0..1).
        controls: names of curves that know nothing (random): grey.
        bytes_dense: bytes of the dense file, of which the axis "bytes" shows the share left.
        split: "test" or "validation": whose accuracy it is.
        pending: more points are on their way.
        planned: all curves, and how many seeds each was to have: a curve keeps its colour while others are still
            empty, and where a seed failed the legend says of how many its mean is.
        about: columns of the table that say of what all rows are, such as model and data.

    Raises:
        BadValue: an unknown axis, or a column is missing.
    """
    axis_layout = layout(axis)
    need(points, POINTS, "points")
    need(means, MEANS, "means")
    planned = planned or {}
    names = list(dict.fromkeys([*planned, *points["curve"]]))
    known = [name for name in names if name not in controls]
    roles = {name: STYLES[known.index(name) % len(STYLES)] if name in known else CONTROL for name in names}
    most = int(points["count"].max()) if len(points) else 0

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for name in names:
            runs, mean = points[points["curve"] == name], means[means["curve"] == name]
            _runs(figure, runs, mean, places(runs, axis, bytes_dense), roles[name].colour(theme))
            _mean(figure, mean, places(mean, axis, bytes_dense), name, roles[name], theme, most, planned.get(name, 1))
        near = markers_frame(means)
        if len(near):
            figure.add_scatter(
                x=places(near, axis, bytes_dense),
                y=100 * near["accuracy"],
                mode="markers",
                hoverinfo="skip",
                name="ring: last point within one point of dense",
                legendrank=1500,
                cliponaxis=False,
                marker={
                    "symbol": "circle-open",
                    "size": 17,
                    "color": [roles[n].colour(theme) for n in near["curve"]],
                    "line": {"width": 2.5},
                },
            )
        if len(means) and (means["count"] < most).any():
            hollow_entry(figure, means["count"].min(), most, theme)
        for value, role, word in ((dense, DENSE, "dense"), (chance, CONTROL, "chance")):
            if value is not None:
                reference_line(figure, value, role, word, theme, INK[theme])
        placed = points[axis].notna().any()
        if len(points) and not placed:
            words = "counting MACs …" if axis == "macs" else f"{NAMES[axis]}: not measured yet"
            note(figure, words, theme, 0.02, 0.2, "left", framed=True)
            blank(figure)
        elif not len(points) or pending:
            words = "filling in …" if len(points) else "measuring the first points …" if pending else "nothing measured"
            note(figure, words, theme, 0.02, 0.2, "left", framed=True)
        if not len(points):
            blank(figure)
        figure.update_layout(
            height=420 + 22 * max(1, sum(trace.get("showlegend") is not False for trace in figure.data)),
            margin={"t": 10, "b": 10, "r": 66},
            hovermode="closest",
            showlegend=True,
            xaxis=axis_layout,
            legend=BELOW,
            yaxis={"range": [0, 100], "dtick": 20, "title": {"text": f"{split} accuracy (%)"}},
        )
        return figure

    title = _title(means, len(points) > 0, dense)
    return Chart(
        name="curves",
        title=title,
        alt=f"{split.capitalize()} accuracy from 0 to 100 % against {NAMES[axis]}, {len(names)} curves: "
        f"{', '.join(names)}. {title}.",
        table=points_export(points, means, {**(about or {}), "split": split}),
        draw=draw,
    )


def _runs(figure: Sketch, runs: pd.DataFrame, mean: pd.DataFrame, x: np.ndarray, colour: str) -> None:
    """Single seeds, faint; where there is but one it is the mean."""
    if runs["run"].nunique() < 2 and len(mean) == len(runs):
        return
    for run in dict.fromkeys(runs["run"]):
        rows = (runs["run"] == run).to_numpy()
        figure.add_scatter(
            x=x[rows],
            y=100 * runs["accuracy"].to_numpy(np.float64)[rows],
            mode="lines+markers",
            opacity=0.35,
            line={"color": colour, "width": 1},
            marker={"size": 4, "color": colour},
            showlegend=False,
            name=f"{runs['curve'].iloc[0]}, {run}",
            cliponaxis=False,
            hovertemplate=f"<b>%{{y:.2f}} %</b>, {plain(run)}<extra>{plain(short(runs['curve'].iloc[0], 60))}</extra>",
        )


def _mean(
    figure: Sketch, rows: pd.DataFrame, x: np.ndarray, name: str, role: Role, theme: str, most: int, planned: int
) -> None:
    """A curve: line and band; hollow points where fewer images were seen than elsewhere."""
    colour = role.colour(theme)
    y, low, high = (100 * rows[column].to_numpy(np.float64) for column in ("accuracy", "low", "high"))
    ok = ~np.isnan(x) & ~np.isnan(low)
    if ok.sum() > 1:
        band(figure, x[ok], low[ok], high[ok], role.tint(theme, 0.16), f"{name}, band")
    few = rows["count"].to_numpy(np.int64) < most
    seeds = int(rows["seeds"].max()) if len(rows) else 0
    said = f" (mean of {seeds} seeds)" if seeds > 1 else "" if seeds else " (no points yet)"
    if 0 < seeds < planned:
        said = f" ({seeds} of {planned} seeds)"
    label = plain(short(name, 70)) + said
    figure.add_scatter(
        x=x if len(rows) else [None],
        y=y if len(rows) else [None],
        mode="lines+markers",
        name=label,
        cliponaxis=False,
        line={"color": colour, "width": 2.5, "dash": role.dash},
        showlegend=True,
        marker={
            "symbol": role.symbol,
            "size": 8,
            "opacity": 1,
            "line": {"color": colour, "width": 2},
            "color": [PAPER[theme] if hollow else colour for hollow in few],
        },
        customdata=[
            [
                level_percent(level),
                percent(lo / 100),
                percent(hi / 100),
                amount(count),
                "95 % interval" if runs == 1 else f"one standard deviation of {runs} seeds:",
            ]
            for level, lo, hi, count, runs in zip(rows["level"], low, high, rows["count"], rows["seeds"], strict=True)
        ],
        hovertemplate="<b>%{y:.2f} %</b> at %{customdata[0]} asked<br>%{customdata[4]} "
        "%{customdata[1]} to %{customdata[2]}<br>%{customdata[3]} images<extra>%{fullData.name}</extra>",
    )


def _title(means: pd.DataFrame, started: bool, dense: float | None) -> str:
    """Which curve keeps accuracy longest, and how far."""
    summary = summary_frame(means)
    if summary.empty and started:
        return "The first points are here; means follow when every seed has them"
    if summary.empty:
        return "Nothing is measured yet" + (f"; the dense network reaches {percent(dense)}" if dense else "")
    within = summary.dropna(subset=["one"]).sort_values("one", ascending=False)
    if within.empty:
        return "No curve stays within one point of the dense network at any measured sparsity"
    best = within.iloc[0]
    title = f"{best['curve']} stays within one point of dense up to {percent(best['one'])} sparsity"
    if len(summary) > 1 and len(within) > 1:
        second = within.iloc[1]
        title += f", {second['curve']} up to {percent(second['one'])}"
    return title
