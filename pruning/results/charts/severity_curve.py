"""Bad weather: accuracy against the severity of a corruption, dense and compressed."""

from __future__ import annotations

import pandas as pd

from pruning.results.charts.base import ROW, Chart, need, whiskers
from pruning.results.charts.palette import DENSE, KEPT
from pruning.results.charts.sketch import Sketch


def severity_curve(table: pd.DataFrame, corruption: str) -> Chart:
    """Two lines from clean (0) to the strongest severity, with Wilson's intervals of the compressed network.

    Args:
        table: rows of one corruption of ``pruning.results.failures.severities.severity_table``.
        corruption: its label.

    Raises:
        BadValue: when a column is missing.
    """
    need(table, ("severity", "count", "dense", "accuracy", "low", "high", "shift"), "severities")

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        middle = 100 * table["accuracy"]
        bars = whiskers(middle, 100 * table["low"], 100 * table["high"], KEPT.colour(theme), width=3)
        for name, column, role, error in (("dense", "dense", DENSE, None), ("compressed", "accuracy", KEPT, bars)):
            figure.add_scatter(
                x=table["severity"].tolist(),
                y=(100 * table[column]).tolist(),
                mode="lines+markers",
                name=name,
                showlegend=True,
                cliponaxis=False,
                error_y=error,
                line={"color": role.colour(theme), "dash": role.dash, "width": 2.5},
                marker={"symbol": role.symbol, "size": 9, "color": role.colour(theme)},
                hovertemplate=f"{name}, severity %{{x}}<br><b>%{{y:.1f}} %</b><extra></extra>",
            )
        figure.update_layout(
            height=340,
            legend=ROW,
            xaxis={"range": [-0.2, 5.2], "tickvals": [0, 1, 2, 3, 4, 5], "title": {"text": "severity (0: clean)"}},
            yaxis={"range": [0, 100], "title": {"text": "accuracy (%)"}},
        )
        return figure

    worst = table.loc[table["shift"].idxmin()] if len(table) else None
    title = f"{corruption}: not measured"
    if worst is not None:
        gap = round(100 * float(worst["shift"]), 1)
        title = (
            f"{corruption}: the compressed network loses {-gap:g} points more than dense at severity "
            f"{int(worst['severity'])}"
            if gap < 0
            else f"{corruption}: the compressed network loses no more than dense"
        )
    shares = {f"{one}_percent": (100 * table[one]).round(3) for one in ("dense", "accuracy", "low", "high")}
    return Chart(
        name="severity",
        title=title,
        alt=f"Accuracy against severity. {title}.",
        table=pd.DataFrame({"severity": table["severity"], "images_count": table["count"], **shares}),
        draw=draw,
    )
