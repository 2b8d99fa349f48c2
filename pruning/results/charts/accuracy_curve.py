"""What does pruning cost? Accuracy against sparsity, with the dense network, chance and what was pinned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pruning.results.charts.axes import CURSOR_ROOM, LINEAR, UNIT, Axis, cursor, layout, positions
from pruning.results.charts.base import ROW, Chart, amount, need, percent, plain, whiskers
from pruning.results.charts.levels import check_level, level_percent
from pruning.results.charts.marks import band, blank, hollow_entry, note, reference_line
from pruning.results.charts.palette import BASELINE, CONTROL, DENSE, INK, KEPT, PAPER, RECALIBRATED, Role
from pruning.results.charts.sketch import Sketch

VARIANTS: dict[str, tuple[Role, str]] = {
    "pruned": (KEPT, "pruned"),
    "recalibrated": (RECALIBRATED, "recalibrated"),
}
COLUMNS = ("level", "accuracy", "low", "high", "variant", "count", "origin")


def accuracy_curve(
    curve: pd.DataFrame,
    level: int,
    dense: float | None,
    chance: float | None,
    axis: Axis = LINEAR,
    baseline: pd.DataFrame | None = None,
    baseline_label: str = "pinned",
    pending: bool = False,
    unit: str = UNIT,
) -> Chart:
    """The accuracy curve.

    Args:
        curve: ``level`` (per mille), ``accuracy``, ``low``, ``high`` (0..1, 95 % Wilson interval), ``variant``
            ("pruned" or "recalibrated"), ``count`` (images) and ``origin`` ("stored" or "computed"). May be empty.
        level: the cursor, per mille.
        dense: accuracy of the network before pruning (0..1), if known.
        chance: accuracy of guessing (0..1), if it has a meaning.
        axis: "sparsity" (linear) or "remaining" (logarithmic).
        baseline: the same columns for the pinned setting.
        baseline_label: how to call it.
        pending: more points are on their way.
        unit: what the levels are shares of, "channels", say.

    Raises:
        BadValue: when a column is missing.
    """
    check_level(level)
    curve = _sorted(curve, "curve")
    pinned = None if baseline is None else _sorted(baseline, "baseline")

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for frame, label in ((pinned, baseline_label), (curve, "")):
            for variant, (role, name) in VARIANTS.items():
                rows = None if frame is None else frame[frame["variant"] == variant]
                if rows is not None and len(rows):
                    if label:
                        said = label if variant == "pruned" else f"{label}, {name}"
                        _pinned(figure, rows, axis, theme, said, variant)
                    else:
                        _points(figure, rows, axis, theme, role, name)
        near = dense is not None and chance is not None and abs(dense - chance) < 0.2
        for value, role, word in ((dense, DENSE, "dense"), (chance, CONTROL, "chance")):
            if value is not None:
                anchor = "middle" if not near else "bottom" if word == "dense" else "top"
                ink = INK[theme] if role is CONTROL else role.colour(theme)
                reference_line(figure, value, role, word, theme, ink, anchor)
        words = "nothing measured yet" if curve.empty else ""
        if pending:
            words = "measuring the first points …" if curve.empty else "filling in …"
        if words:
            note(figure, words, theme, 0.02, 0.3, "left", framed=True)
        figure.update_layout(
            height=340 + 12 * (1 + sum(trace.get("showlegend") is not False for trace in figure.data)),
            margin={"t": CURSOR_ROOM, "b": 10, "r": 66},
            hovermode="closest",
            legend=ROW,
            xaxis=layout(axis, unit),
            yaxis={"range": [0, 100], "dtick": 20, "title": {"text": "accuracy (%)"}},
        )
        if curve.empty:
            blank(figure)
        cursor(figure, level, axis, theme)
        return figure

    title = titles(curve, [level], dense)[0]
    return Chart(
        name="accuracy-curve",
        title=title,
        alt=f"Curve of accuracy from 0 to 100 % against {axis}, {len(curve)} measured points with 95 % intervals. "
        + (f"Dense {percent(dense)}. " if dense is not None else "")
        + f"{title}.",
        table=_table(curve, pinned, baseline_label),
        draw=draw,
    )


def _sorted(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """The rows in order of level; an empty frame may lack columns, as nothing was measured."""
    if frame.empty:
        return pd.DataFrame({column: pd.Series(dtype=object) for column in COLUMNS})
    need(frame, COLUMNS, what)
    return frame.sort_values(["variant", "level"], kind="stable")


def _points(figure: Sketch, rows: pd.DataFrame, axis: Axis, theme: str, role: Role, words: str) -> None:
    """One curve: line, band where all images were seen, error bars and hollow points where fewer were."""
    colour = role.colour(theme)
    x = positions(rows["level"], axis)
    y, low, high = (100 * rows[column].to_numpy(np.float64) for column in ("accuracy", "low", "high"))
    count = rows["count"].to_numpy(np.int64)
    few = count < count.max()
    whole = ~few & ~np.isnan(x)
    bars = np.ones(len(x), dtype=bool)
    if whole.sum() > 1:
        band(figure, x[whole], low[whole], high[whole], role.tint(theme, 0.22), f"{words}, 95 % interval")
        bars = few
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines+markers",
        name=words,
        cliponaxis=False,
        line={"color": colour, "width": 2.5, "dash": role.dash},
        marker={
            "symbol": role.symbol,
            "size": [9 if hollow else 7 for hollow in few],
            "opacity": 1,
            "color": [PAPER[theme] if hollow else colour for hollow in few],
            "line": {"color": colour, "width": 2},
        },
        error_y=whiskers(y, np.where(bars, low, y), np.where(bars, high, y), colour),
        customdata=[
            [level_percent(lev), percent(lo / 100), percent(hi / 100), amount(seen), origin]
            for lev, lo, hi, seen, origin in zip(rows["level"], low, high, count, rows["origin"], strict=True)
        ],
        hovertemplate="<b>%{y:.2f} %</b> at %{customdata[0]} sparsity<br>95 % interval %{customdata[1]} to "
        "%{customdata[2]}<br>%{customdata[3]} images, %{customdata[4]}<extra>" + words + "</extra>",
    )
    if few.any() and not any(trace.get("name", "").startswith("hollow") for trace in figure.data):
        hollow_entry(figure, count[few].min(), count.max(), theme)


def _pinned(figure: Sketch, rows: pd.DataFrame, axis: Axis, theme: str, words: str, variant: str) -> None:
    """A pinned curve: one thin line, so that it stays behind what is looked at now."""
    figure.add_scatter(
        x=positions(rows["level"], axis),
        y=100 * rows["accuracy"].to_numpy(np.float64),
        mode="lines+markers",
        name=plain(words),
        cliponaxis=False,
        line={"color": BASELINE.colour(theme), "width": 1.5, "dash": BASELINE.dash if variant == "pruned" else "dot"},
        marker={"symbol": BASELINE.symbol if variant == "pruned" else f"{BASELINE.symbol}-open", "size": 6},
        hovertemplate=f"{plain(words)}<br><b>%{{y:.2f}} %</b><extra></extra>",
    )


def titles(curve: pd.DataFrame, levels: Sequence[int], dense: float | None) -> list[str]:
    """At each of these levels: accuracy at the nearest measured one, against dense, with and without recalibration."""
    if curve.empty:
        reference = f"; the dense one reaches {percent(dense)}" if dense is not None else ""
        return [f"No pruned network is measured yet{reference}"] * len(levels)
    measured = {
        name: dict(zip(rows["level"], rows["accuracy"], strict=True)) for name, rows in curve.groupby("variant")
    }
    plain_rows = measured.get("pruned", {})
    again = measured.get("recalibrated", {}) if plain_rows else {}
    known = plain_rows or next(iter(measured.values()))
    return [_title(min(known, key=lambda near: (abs(near - level), near)), known, again, dense) for level in levels]


def _title(level: int, known: Mapping[int, float], again: Mapping[int, float], dense: float | None) -> str:
    """The finding at a measured level."""
    title = f"At {level_percent(int(level))} sparsity accuracy is {percent(known[level])}"
    if dense is not None:
        points = 100 * (known[level] - dense)
        title += f", {abs(points):.1f} points {'above' if points > 0 else 'below'} dense"
    return title + (f"; recalibrated {percent(again[level])}" if level in again else "")


def _table(curve: pd.DataFrame, pinned: pd.DataFrame | None, label: str) -> pd.DataFrame:
    frames: list[tuple[str, pd.DataFrame]] = [("now", curve)] + ([] if pinned is None else [(label, pinned)])
    parts: list[dict[str, Any]] = [
        {
            "setting": setting,
            "level_permille": row["level"],
            "variant": row["variant"],
            "accuracy_percent": round(100 * row["accuracy"], 4),
            "low_95_percent": round(100 * row["low"], 4),
            "high_95_percent": round(100 * row["high"], 4),
            "images_count": row["count"],
            "origin": row["origin"],
        }
        for setting, frame in frames
        for row in frame.to_dict("records")
    ]
    columns = [
        "setting",
        "level_permille",
        "variant",
        "accuracy_percent",
        "low_95_percent",
        "high_95_percent",
        "images_count",
        "origin",
    ]
    return pd.DataFrame(parts, columns=columns)
