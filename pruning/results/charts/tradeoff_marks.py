"""The marks of the trade-off chart: points with their intervals, and the ring around the chosen one."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from pruning.results.charts.base import percent, plain, whiskers
from pruning.results.charts.palette import INK, PAPER, Role
from pruning.results.charts.sketch import Sketch
from pruning.results.sentences import amount as size
from pruning.results.tradeoffs import REAL, Axis, gap_words

SAID = {"bytes": "smaller", "macs": "fewer MACs", "ms_1": "faster", "ms_16": "faster"}
DEPTH = 0.12
"""Accuracy below dense (0..1) that the axis shows at most; what lies lower is marked at its lower edge."""


def marks(figure: Sketch, rows: pd.DataFrame, label: str, role: Role, theme: str, floor: float, axis: Axis) -> None:
    """One family; hollow are those below the axis, on its edge, and times that do not differ above their spread."""
    colour, below = role.colour(theme), (rows["accuracy"] < floor).to_numpy(bool)
    unsure = ~rows[REAL[axis]].to_numpy(bool) if axis in REAL else below
    y = 100 * rows["accuracy"].clip(lower=floor - 0.005).to_numpy(np.float64)
    low, high = (np.where(below, y, 100 * rows[end].to_numpy(np.float64)) for end in ("low", "high"))
    figure.add_scatter(
        x=rows["gain"],
        y=y,
        mode="markers",
        name=plain(label),
        showlegend=True,
        cliponaxis=False,
        error_y=whiskers(y, low, high, role.tint(theme, 0.55), 1.2, 3),
        marker={
            "symbol": role.symbol,
            "size": 11,
            "line": {"width": 2, "color": colour},
            "color": [PAPER[theme] if hollow else colour for hollow in below | unsure],
        },
        customdata=[
            [
                row["name"],
                plain(row["label"]),
                percent(row["accuracy"]),
                gap_words(row),
                size(row["bytes"]),
                f"{row['macs'] / 1e6:,.2f} M",
                times(row),
                f"{row['steps']:,} training steps" if row["steps"] else "no training",
            ]
            for row in rows.to_dict("records")
        ],
        hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[2]} on test, %{customdata[3]} from dense<br>"
        f"%{{x:.2f}} times {SAID[axis]}<br>%{{customdata[4]}}, %{{customdata[5]}} MACs%{{customdata[6]}}<br>"
        "%{customdata[7]}<extra></extra>",
    )


def times(row: dict[str, object]) -> str:
    """Milliseconds of one image, beside the dense network's of the same run; empty where it was not timed."""
    this, dense = float(str(row["ms_1"])), float(str(row["dense_ms_1"]))
    return "" if math.isnan(this) else f", {this:.3g} ms an image (dense {dense:.3g})"


def ring(figure: Sketch, rows: pd.DataFrame, floor: float, theme: str) -> None:
    """The recommended one, with its name."""
    for row in rows.to_dict("records"):
        y = 100 * max(row["accuracy"], floor - 0.005)
        figure.add_scatter(
            x=[row["gain"]],
            y=[y],
            mode="markers",
            hoverinfo="skip",
            showlegend=False,
            cliponaxis=False,
            name="chosen",
            marker={"symbol": "circle-open", "size": 22, "color": INK[theme], "line": {"width": 2.5}},
        )
        figure.add_annotation(
            x=math.log10(row["gain"]),
            y=y,
            text=f"<b>{plain(row['label'])}</b>",
            showarrow=True,
            arrowhead=0,
            ax=0,
            ay=90,
            xanchor="center",
            name="chosen",
            bgcolor=PAPER[theme],
            arrowcolor=INK[theme],
            borderpad=3,
        )
