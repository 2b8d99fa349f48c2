"""Smaller or faster, at what price? Every measured way to a smaller network, the front, and the one that was chosen."""

from __future__ import annotations

import math
from typing import Literal

import pandas as pd

from pruning.results.charts.base import ROW, Chart, amount, need
from pruning.results.charts.curve_looks import STYLES
from pruning.results.charts.marks import blank, note
from pruning.results.charts.palette import DENSE, INK, Role
from pruning.results.charts.sketch import Sketch
from pruning.results.charts.tradeoff_marks import DEPTH, SAID, marks, ring
from pruning.results.families import FAMILIES
from pruning.results.sentences import amount as size
from pruning.results.tradeoffs import COLUMNS, REAL, Axis, front, gap_words, times_smaller

NAMES = {
    "bytes": "times smaller: bytes of the smallest file (logarithmic)",
    "macs": "times fewer multiply-accumulates (logarithmic)",
    "ms_1": "times faster than dense, one image a pass (logarithmic)",
    "ms_16": "times faster than dense, 16 images a pass (logarithmic)",
}
Upward = Literal["accuracy", "lowest"]
UPWARD: dict[Upward, str] = {"accuracy": "test accuracy (%)", "lowest": "recall of the worst class on test (%)"}
LOOKS: dict[str, Role] = {
    name: role for name, role in zip([name for name in FAMILIES if name != "dense"], STYLES, strict=False)
} | {"dense": DENSE}


def tradeoff(
    table: pd.DataFrame,
    axis: Axis = "bytes",
    chosen: str | None = None,
    pending: bool = False,
    upward: Upward = "accuracy",
) -> Chart:
    """Test accuracy against what was gained, both better towards the upper right corner.

    The names are the points' ``customdata``, so that a click selects an approach.

    Args:
        table: as ``pruning.results.tradeoffs.frame`` makes it.
        axis: what was gained.
        chosen: name of the approach that the page recommends: ringed and named.
        pending: more are on their way.
        upward: accuracy, or the recall of each way's worst class (``pruning.results.failures.worst``).
    """
    need(table, COLUMNS, "approaches")
    if upward == "lowest":
        need(table, ("lowest", "lowest_low", "lowest_high"), "approaches")
        known = table.dropna(subset=["lowest"])
        table = known.assign(accuracy=known["lowest"], low=known["lowest_low"], high=known["lowest_high"])
    shown = table.assign(gain=times_smaller(table, axis)).dropna(subset=["gain"])
    dense = float(table.loc[table["name"] == "dense", "accuracy"].max()) if len(table) else math.nan
    near = shown[shown["accuracy"] >= dense - DEPTH]
    floor = float(near["low"].min()) - 0.002 if len(near) == len(shown) and len(near) else dense - DEPTH
    best = front(table, axis)
    most = float(shown["gain"].max()) if len(shown) else 10.0
    least = min(0.8, float(shown["gain"].min()) * 0.9) if len(shown) else 0.8

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        if len(best) > 1:
            line = best.assign(gain=times_smaller(best, axis)).sort_values("gain")
            figure.add_scatter(
                x=line["gain"],
                y=100 * line["accuracy"].clip(lower=floor),
                mode="lines",
                hoverinfo="skip",
                line={"color": INK[theme], "width": 1.5, "dash": "dot", "shape": "vh"},
                name="front: nothing measured is better in both",
            )
        for family, entry in FAMILIES.items():
            rows = shown[shown["family"] == family]
            if len(rows):
                marks(figure, rows, entry.label, LOOKS[family], theme, floor, axis)
        if math.isfinite(dense):
            figure.add_shape(
                type="line",
                x0=0,
                x1=1,
                xref="paper",
                y0=100 * dense,
                y1=100 * dense,
                layer="below",
                name="dense",
                line={"color": DENSE.colour(theme), "width": 1.5, "dash": DENSE.dash},
            )
        ring(figure, shown[shown["name"] == chosen], floor, theme)
        if not len(shown):
            blank(figure)
        if pending or not len(shown):
            note(figure, "more are being measured …" if pending else "nothing measured", theme, 0.02, 0.06, "left")
        low = 100 * floor - (1 if len(near) < len(shown) else 0) if math.isfinite(dense) else 0
        top = 100 * max(float(shown["high"].max()), dense) + 0.7 if len(shown) else 100
        figure.update_layout(
            height=500 + 24 * math.ceil(shown["family"].nunique() / 2),
            margin={"t": 12, "b": 10},
            hovermode="closest",
            xaxis=_axis(axis, least, most, table),
            yaxis={"range": [low, top], "title": {"text": UPWARD[upward]}},
            legend=ROW,
        )
        return figure

    title = _title(shown, axis, chosen)
    return Chart(
        name=f"compare-{axis}",
        title=title,
        alt=f"{UPWARD[upward][:-4].capitalize()} against {NAMES[axis]}, {len(shown)} approaches of "
        f"{shown['family'].nunique()} kinds. "
        f"{title}.",
        table=_table(shown, "test_accuracy" if upward == "accuracy" else "worst_class_recall"),
        draw=draw,
    )


def _axis(axis: Axis, least: float, most: float, table: pd.DataFrame) -> dict[str, object]:
    """A logarithmic axis with its ticks in words; bytes also as such."""
    ticks = [tick for tick in (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256) if least * 0.9 <= tick <= most * 1.3]
    dense = float(table["dense_bytes"].max()) if axis == "bytes" and len(table) else math.nan
    words = [f"{tick:g}×" + (f"<br>{size(dense / tick)}" if math.isfinite(dense) else "") for tick in ticks]
    return {
        "type": "log",
        "range": [math.log10(least), math.log10(most * 1.25)],
        "tickvals": ticks,
        "ticktext": words,
        "title": {"text": NAMES[axis]},
    }


def _title(shown: pd.DataFrame, axis: Axis, chosen: str | None) -> str:
    if shown.empty:
        return "Nothing is timed yet" if axis in REAL else "Nothing is measured yet"
    rows = shown[shown["name"] == chosen]
    if rows.empty:
        near = shown[shown["validation_gap"] >= -0.01]
        if near.empty:
            return f"{amount(len(shown))} ways to a smaller network: nothing stays within one point of dense"
        rows = near.sort_values("gain").iloc[-1:]
    row = rows.iloc[0]
    if axis in REAL and not row[REAL[axis]]:
        return f"{row['label']}: no measurable speed-up, {gap_words(row)}"
    return f"{row['label']}: {row['gain']:.1f} times {SAID[axis]} at {gap_words(row)}"


def _table(shown: pd.DataFrame, share: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "approach": shown["label"],
            "kind": shown["family"],
            f"{share}_percent": (100 * shown["accuracy"]).round(3),
            "low_95_percent": (100 * shown["low"]).round(3),
            "high_95_percent": (100 * shown["high"]).round(3),
            "test_images": shown["count"],
            "gap_points": (100 * shown["gap"]).round(3),
            "gap_low_95_points": (100 * shown["gap_low"]).round(3),
            "gap_high_95_points": (100 * shown["gap_high"]).round(3),
            "validation_gap_points": (100 * shown["validation_gap"]).round(3),
            "file_bytes": shown["bytes"],
            "macs_an_image": shown["macs"],
            "parameters": shown["parameters"],
            "one_image_ms": shown["ms_1"],
            "dense_one_image_ms_same_run": shown["dense_ms_1"],
            "sixteen_images_ms": shown["ms_16"],
            "dense_sixteen_images_ms_same_run": shown["dense_ms_16"],
            "training_steps": shown["steps"],
            "origin": shown["origin"],
        }
    )
