"""Runs side by side: what does each keep, at which sparsity?"""

from __future__ import annotations

import pandas as pd

from pruning.common.levels import in_percent
from pruning.results.charts.axes import LINEAR, Axis, layout, positions
from pruning.results.charts.base import BELOW, Chart, need, percent, plain, short, whiskers
from pruning.results.charts.palette import BASELINE, CONTROL, DENSE, KEPT, RECALIBRATED, REMOVED
from pruning.results.charts.sketch import Sketch

STYLES = (KEPT, REMOVED, BASELINE, RECALIBRATED, DENSE, CONTROL)
"""Here a colour tells runs apart; dash and symbol go with it."""


def runs_curves(table: pd.DataFrame, axis: Axis = LINEAR) -> Chart:
    """Accuracy against sparsity, one line a run and variant.

    Args:
        table: ``run`` (name), ``level`` (per mille), ``accuracy``, ``low``, ``high`` (0..1), ``variant``, ``count``.

    Raises:
        BadValue: when a column is missing.
    """
    need(table, ("run", "level", "accuracy", "low", "high", "variant", "count"), "runs")
    table = table.sort_values(["run", "variant", "level"], kind="stable")
    pairs = table[["run", "variant"]].drop_duplicates().itertuples(index=False)
    groups = [(p.run, p.variant, table[(table["run"] == p.run) & (table["variant"] == p.variant)]) for p in pairs]

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for number, (run, variant, rows) in enumerate(groups):
            role = STYLES[number % len(STYLES)]
            colour = role.colour(theme)
            name = short(str(run), 60) + ("" if variant == "pruned" else f", {variant}")
            figure.add_scatter(
                x=positions(rows["level"], axis),
                y=100 * rows["accuracy"],
                name=plain(name),
                mode="lines+markers",
                line={"color": colour, "dash": role.dash, "width": 2},
                marker={"symbol": role.symbol, "size": 9},
                error_y=whiskers(100 * rows["accuracy"], 100 * rows["low"], 100 * rows["high"], colour, 1, 3),
                customdata=rows[["count"]],
                hovertemplate="%{y:.1f} % at %{x:.1f}<br>%{customdata[0]:,} images<extra>%{fullData.name}</extra>",
            )
        figure.update_layout(
            height=360 + 22 * len(groups),
            margin={"t": 12, "b": 10},
            hovermode="closest",
            showlegend=True,
            legend=BELOW,
            xaxis=layout(axis),
            yaxis={"range": [0, 100], "dtick": 20, "title": {"text": "test accuracy (%)"}},
        )
        return figure

    best = table.loc[table["accuracy"].idxmax()] if len(table) else None
    title = (
        "Nothing measured yet"
        if best is None
        else f"Highest of {table['run'].nunique()} runs: {percent(best['accuracy'])} at {in_percent(best['level'])}"
    )
    exported = pd.DataFrame(
        {
            "run": table["run"],
            "variant": table["variant"],
            "level_permille": table["level"],
            "accuracy_percent": (100 * table["accuracy"]).round(3),
            "low_percent": (100 * table["low"]).round(3),
            "high_percent": (100 * table["high"]).round(3),
            "images_count": table["count"],
        }
    )
    return Chart(
        name="runs-curves",
        title=title,
        alt=f"Test accuracy from 0 to 100 % against {axis}, {len(groups)} lines with 95 % Wilson intervals. {title}.",
        table=exported.reset_index(drop=True),
        draw=draw,
    )
