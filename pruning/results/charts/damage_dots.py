"""Who pays? What each class, group or kind of weather lost, sorted, with the whole as a line."""

from __future__ import annotations

import pandas as pd

from pruning.results.charts.base import Chart, need, plain, short, whiskers
from pruning.results.charts.palette import DENSE, KEPT, REMOVED
from pruning.results.charts.sketch import Sketch

ROW = 26
"""px of a row."""
MOST = 30
"""Rows that can be read; of more, those at both ends are shown."""


def damage_dots(table: pd.DataFrame, whole: float, what: str, title: str, name: str = "damage") -> Chart:
    """One row each, the most damaged on top: the change in points with its interval; filled where it is certain that it
    moved otherwise than the whole.

    Args:
        table: ``name``, ``shift``, ``low``, ``high`` (-1..1), ``certain`` (bool) and ``count``, sorted.
        whole: change of all together.
        what: the axis in words: "change of recall (points)".
        title: the finding.

    Raises:
        BadValue: when a column is missing.
    """
    need(table, ("name", "shift", "low", "high", "certain", "count"), "damage")
    shown = table if len(table) <= MOST else pd.concat([table.head(MOST - 5), table.tail(5)])

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        rows = list(range(len(shown)))
        for certain, role in ((True, REMOVED), (False, KEPT)):
            mine = [row for row, one in enumerate(shown["certain"]) if bool(one) == certain]
            if not mine:
                continue
            own = shown.iloc[mine]
            colour = role.colour(theme)
            figure.add_scatter(
                x=(100 * own["shift"]).tolist(),
                y=mine,
                mode="markers",
                name="moved otherwise than the whole" if certain else "moved as the whole, as far as can be told",
                showlegend=True,
                marker={"symbol": "square" if certain else "circle-open", "size": 10, "color": colour},
                error_x=whiskers(100 * own["shift"], 100 * own["low"], 100 * own["high"], colour),
                customdata=[[plain(str(a)), int(b)] for a, b in zip(own["name"], own["count"], strict=True)],
                hovertemplate="%{customdata[0]}, %{customdata[1]:,} images<br><b>%{x:+.1f} points</b><extra></extra>",
            )
        line = {"color": DENSE.colour(theme), "width": 1.5, "dash": DENSE.dash}
        figure.add_vline(x=100 * whole, line=line)
        figure.add_annotation(
            x=100 * whole, y=1, yref="paper", yanchor="bottom", text="the whole", showarrow=False, name="whole"
        )
        figure.update_layout(
            height=max(150, ROW * len(shown) + 110),
            margin={"t": 28, "b": 10},
            legend={"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"},
            xaxis={"title": {"text": what}, "zeroline": True},
            yaxis={
                "tickvals": rows,
                "ticktext": [plain(short(str(one), 26)) for one in shown["name"]],
                "range": [len(shown) - 0.4, -0.6],
                "showgrid": False,
            },
        )
        return figure

    named = zip(shown["name"], 100 * shown["shift"], strict=True)
    listed = "; ".join(f"{one} {shift:+.1f}" for one, shift in named)
    return Chart(
        name=name,
        title=title,
        alt=f"{title}. {what}: {listed}. The whole: {100 * whole:+.1f}.",
        table=pd.DataFrame(
            {
                "name": table["name"].astype(str),
                "images_count": table["count"],
                **{f"{one}_points": (100 * table[one]).round(3) for one in ("shift", "low", "high")},
                "certain": table["certain"].astype(bool),
            }
        ),
        draw=draw,
    )
