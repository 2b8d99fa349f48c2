"""How few bits are enough? Accuracy against bits, rounding to the nearest level and GPTQ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.results.charts.base import ROW, Chart, need, whiskers
from pruning.results.charts.palette import BASELINE, DENSE, INK, KEPT
from pruning.results.charts.sketch import Sketch

ROUNDINGS = {"gptq": ("GPTQ", BASELINE), "nearest": ("to the nearest level", KEPT)}
POINTS = 1.0
"""Points of accuracy that the title allows to lose."""


def bits_curve(points: pd.DataFrame, bits: int) -> Chart:
    """One line a rounding with Wilson intervals, dense as a dashed line, the chosen bits as a cursor.

    Args:
        points: ``bits``, ``rounding`` ("nearest", "gptq"), ``accuracy``, ``low``, ``high``, ``dense`` (0..1) and
            ``images``.
        bits: the chosen ones.

    Raises:
        BadValue: when a column is missing.
    """
    need(points, ("bits", "rounding", "accuracy", "low", "high", "dense", "images"), "points")
    dense = 100 * float(points["dense"].iloc[0]) if len(points) else None

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for rounding, (words, role) in ROUNDINGS.items():
            own = points[points["rounding"] == rounding].sort_values("bits")
            if own.empty:
                continue
            middle = 100 * own["accuracy"]
            figure.add_scatter(
                x=own["bits"],
                y=middle,
                mode="lines+markers",
                name=words,
                showlegend=True,
                cliponaxis=False,
                line={"color": role.colour(theme), "width": 2.5, "dash": role.dash},
                marker={"symbol": role.symbol, "size": 9, "color": role.colour(theme)},
                error_y=whiskers(middle, 100 * own["low"], 100 * own["high"], role.colour(theme), width=3),
                hovertemplate=f"%{{x}} bits, {words}<br><b>%{{y:.1f}} %</b><extra></extra>",
            )
        if dense is not None:
            figure.add_scatter(
                x=[1.7, 8.3],
                y=[dense, dense],
                mode="lines",
                name="dense (float32)",
                hoverinfo="skip",
                showlegend=True,
                line={"color": DENSE.colour(theme), "width": 1.5, "dash": DENSE.dash},
            )
        if bits <= 8:
            figure.add_vline(x=bits, line={"color": INK[theme], "width": 1, "dash": "dot"})
        figure.update_layout(
            height=360,
            margin={"t": 10, "b": 10},
            legend=ROW,
            xaxis={"range": [1.7, 8.3], "tickvals": [2, 3, 4, 5, 6, 8], "title": {"text": "bits of a weight"}},
            yaxis={"range": [0, 100], "title": {"text": "test accuracy (%)"}},
        )
        return figure

    title = _title(points)
    return Chart(
        name="accuracy-bits",
        title=title,
        alt=f"Test accuracy against bits of a weight, by rounding to the nearest level and by GPTQ. {title}.",
        table=pd.DataFrame(
            {
                "bits": points["bits"],
                "rounding": points["rounding"],
                "images_count": points["images"],
                **{f"{name}_percent": np.round(100 * points[name], 2) for name in ("accuracy", "low", "high", "dense")},
            }
        ),
        draw=draw,
    )


def _title(points: pd.DataFrame) -> str:
    said = []
    for rounding, (words, _) in reversed(ROUNDINGS.items()):
        own = points[points["rounding"] == rounding]
        lost = np.rint((own["dense"] - own["accuracy"]) * own["images"])  # whole images, as shares subtract inexactly
        enough = own[100 * lost <= POINTS * own["images"]]["bits"]
        if len(enough):
            said.append(f"{int(enough.min())} bits {'by ' if rounding == 'gptq' else ''}{words}")
    if not said:
        return "How few bits are enough?"
    return f"Within {POINTS:g} point of dense: down to {' and '.join(said)}"
