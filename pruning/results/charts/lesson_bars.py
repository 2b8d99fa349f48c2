"""One number of a few networks side by side, and where a learner guessed it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.results.charts.base import ROW, Chart, need, plain, short, whiskers
from pruning.results.charts.marks import top_down
from pruning.results.charts.palette import BASELINE, INK, KEPT, REMOVED
from pruning.results.charts.sketch import Sketch


def lesson_bars(
    table: pd.DataFrame, label: str, unit: str, title: str, guess: float | None = None, of: str = ""
) -> Chart:
    """A bar for each network.

    Args:
        table: ``name``, ``value``, ``low`` and ``high`` (NaN where there is no interval), ``count`` (images).
        label, unit: of the number.
        title: the finding.
        guess: a learner's number.
        of: the network that it was a guess of, or the network that the learner chose.

    Raises:
        BadValue: when a column is missing.
    """
    need(table, ("name", "value", "low", "high", "count"), "findings")
    names = [str(name) for name in table["name"]]
    values = table["value"].to_numpy(np.float64)
    measured = bool(np.isfinite(table["low"]).any())
    ticks = [f"◆ {short(name, 26)}" if guess is None and name == of else short(name, 28) for name in names]
    axis = f"{label} ({unit})" if unit else label

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        bars = {"x": values, "y": names, "orientation": "h", "width": 0.6, "showlegend": False, "name": "measured"}
        if measured:
            bars["error_x"] = whiskers(values, table["low"].to_numpy(), table["high"].to_numpy(), INK[theme])
        colours = [(REMOVED if guess is None and name == of else KEPT).colour(theme) for name in names]
        said = [f"{value:,.1f} {unit}".strip() for value in values]
        figure.add_bar(
            **bars,
            marker={"color": colours},
            customdata=said,
            hovertemplate="%{y}<br><b>%{customdata}</b><extra></extra>",
        )
        for name, words in zip(names, said, strict=True):
            figure.add_annotation(
                x=1, xref="paper", xanchor="right", xshift=78, y=name, text=words, showarrow=False, name="value"
            )
        if guess is not None:
            figure.add_scatter(
                x=[guess],
                y=[of],
                mode="markers",
                name="your guess",
                marker={"symbol": "diamond", "size": 14, "color": BASELINE.colour(theme)},
                hovertemplate="your guess: %{x:g}<extra></extra>",
            )
        top = max(float(values.max()), 0.0 if guess is None else guess)
        figure.update_layout(
            height=44 * len(names) + (110 if guess is not None else 76),
            margin={"t": 8, "r": 88},
            legend=ROW,
            xaxis={"range": [0, 100 if unit == "%" and top <= 100 else 1.06 * top or 1], "title": {"text": axis}},
            yaxis=top_down(names, [plain(tick) for tick in ticks]),
        )
        return figure

    marked = f" The guess was {guess:g} {unit} for {of}." if guess is not None else ""
    listed = "; ".join(f"{name} {value:,.1f} {unit}".strip() for name, value in zip(names, values, strict=True))
    frame = pd.DataFrame({"network": names, axis: values.round(3)})
    if measured:
        frame = frame.assign(low=table["low"].round(3), high=table["high"].round(3), images_count=table["count"])
    return Chart(
        name="lesson",
        title=title,
        alt=f"Bars of {axis}: {listed}.{marked} {title}.",
        table=frame,
        draw=draw,
    )
