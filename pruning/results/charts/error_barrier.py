"""Are two children in one valley? Test error along the straight line between two networks of the same start."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.common.levels import to_percent
from pruning.results.charts.base import ROW, Chart, need
from pruning.results.charts.marks import note
from pruning.results.charts.palette import DENSE, KEPT, Role
from pruning.results.charts.sketch import Sketch
from pruning.results.connectivity import LINES, barriers_frame, valley_sentence

ROLES: dict[str, tuple[Role, str]] = {
    "ticket": (KEPT, "two children of the ticket"),
    "dense": (DENSE, "two children of dense"),
}


def error_barrier(lines: pd.DataFrame, level: int, pending: bool = False) -> Chart:
    """Mean error over the seeds at each place, with the single seeds faint.

    Args:
        lines: as ``pruning.results.connectivity.lines_frame`` makes them: ``arm``, ``seed``, ``place`` and ``error``
            (both 0..1).
        level: sparsity of the ticket, per mille.
        pending: more is on its way.

    Raises:
        BadValue: a column is missing.
    """
    need(lines, LINES, "lines")
    lines = lines.sort_values(["arm", "seed", "place"], kind="stable").reset_index(drop=True)
    top = 100 * float(lines["error"].max()) if len(lines) else 100.0

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for arm, (role, words) in reversed(ROLES.items()):  # what is asked about lies on top
            own = lines[lines["arm"] == arm]
            seeds = own["seed"].nunique()
            for seed, group in own.groupby("seed") if seeds > 1 else ():
                figure.add_scatter(
                    x=group["place"],
                    y=100 * group["error"],
                    mode="lines",
                    opacity=0.35,
                    showlegend=False,
                    line={"color": role.colour(theme), "width": 1},
                    hoverinfo="skip",
                    name=f"{arm}, seed {seed}",
                )
            mean = own.groupby("place")["error"].mean()
            figure.add_scatter(
                x=list(mean.index) or [None],
                y=list(100 * mean) or [None],
                mode="lines+markers",
                name=words,
                line={"color": role.colour(theme), "width": 2.5, "dash": role.dash},
                showlegend=True,
                cliponaxis=False,
                marker={"symbol": role.symbol, "size": 8, "color": role.colour(theme)},
                hovertemplate=f"<b>%{{y:.2f}} % wrong</b> at %{{x:.2f}}<br>mean of {seeds} seeds<extra>{words}</extra>",
            )
        if pending or lines.empty:
            note(figure, "more lines are on their way …" if pending else "nothing measured yet", theme, 0.5, 0.96)
        figure.update_layout(
            height=380,
            margin={"t": 10, "b": 10},
            hovermode="closest",
            showlegend=True,
            legend={**ROW, "traceorder": "reversed"},
            xaxis={
                "range": [-0.02, 1.02],
                "dtick": 0.25,
                "title": {"text": "place on the straight line (0 and 1: the two children)"},
            },
            yaxis={"range": [0, min(100, 5 * np.ceil((top + 0.5) / 5))], "title": {"text": "test error (%)"}},
        )
        return figure

    title = valley_sentence(barriers_frame(lines), level)
    return Chart(
        name="error-barrier",
        title=title,
        alt="Test error along the straight line between two networks trained from the same start on other data "
        f"orders, for the ticket and for the dense network. {title}.",
        table=pd.DataFrame(
            {
                "arm": lines["arm"],
                "seed": lines["seed"],
                "sparsity_percent": np.where(lines["arm"] == "ticket", to_percent(level), 0.0),
                "place": lines["place"].astype(float).round(6),
                "error_percent": (100 * lines["error"].astype(float)).round(4),
            }
        ),
        draw=draw,
    )
