"""Which way of recovery ends best, at the same number of training steps? Test accuracies with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pruning.common.levels import to_percent
from pruning.results.charts.base import NBSP, Chart, amount, need, percent, plain, short, whiskers
from pruning.results.charts.levels import level_percent
from pruning.results.charts.marks import blank
from pruning.results.charts.palette import CONTROL, DENSE
from pruning.results.charts.sketch import Sketch
from pruning.results.charts.training_curves import styles

COLUMNS = ("strategy", "steps", "correct", "count", "accuracy", "low", "high")


def budget_comparison(results: pd.DataFrame, level: int, dense: float | None, planned: Sequence[str] = ()) -> Chart:
    """One row a strategy: its final test accuracy, and the training steps it had.

    Args:
        results: as ``pruning.results.training.results_frame`` makes them; strategies with 0 steps are shown grey.
        level: sparsity, per mille.
        dense: test accuracy before pruning (0..1).
        planned: strategies in the order of their colours on the training curves.

    Raises:
        BadValue: a column is missing.
    """
    need(results, COLUMNS, "results")
    names = [str(name) for name in results["strategy"]]
    looks = dict(zip(planned, styles(len(planned)), strict=True))
    roles = [looks.get(name, CONTROL) for name in names]
    steps = results["steps"].to_numpy(np.int64)
    trained = results[results["steps"] > 0]
    bounds = trained if len(trained) else results
    span = _span([*100 * bounds["low"], *100 * bounds["high"], *([100 * dense] if dense is not None else [])])
    shares, low, high = (100 * results[column].to_numpy(np.float64) for column in ("accuracy", "low", "high"))

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        colours = [role.colour(theme) for role in roles]
        for at, name in enumerate(names):
            if shares[at] < span[0]:  # far below: it would press what was trained into a corner
                figure.add_annotation(
                    x=span[0],
                    y=at,
                    xanchor="left",
                    showarrow=False,
                    text=f"◂ {shares[at]:.1f}{NBSP}%",
                    name=plain(name),
                )
                continue
            figure.add_scatter(
                x=[shares[at]],
                y=[at],
                mode="markers+text",
                showlegend=False,
                name=plain(name),
                cliponaxis=False,
                marker={"symbol": roles[at].symbol, "size": 11, "color": colours[at]},
                text=[f"{shares[at]:.1f}{NBSP}%"],
                textposition="top center",
                error_x=whiskers([shares[at]], [low[at]], [high[at]], colours[at], 2, 6),
                hovertemplate=f"<b>{shares[at]:.2f} %</b> ({low[at]:.2f} to {high[at]:.2f})<br>{amount(steps[at])} "
                f"steps, {amount(results['count'].iloc[at])} test images<extra>{plain(name)}</extra>",
            )
        if dense is not None:
            figure.add_shape(
                type="line",
                x0=100 * dense,
                x1=100 * dense,
                y0=0,
                y1=1,
                yref="paper",
                name="dense",
                layer="below",
                line={"color": DENSE.colour(theme), "width": 2, "dash": DENSE.dash},
            )
            figure.add_annotation(
                x=100 * dense,
                y=1,
                yref="paper",
                yanchor="bottom",
                xanchor="right",
                showarrow=False,
                name="dense",
                text=f"dense {percent(dense)}",
                font={"color": DENSE.colour(theme)},
            )
        if not (shares >= span[0]).any():
            blank(figure)
        figure.update_layout(
            height=54 * max(1, len(names)) + 90,
            margin={"t": 28, "b": 10},
            hovermode="closest",
            xaxis={"range": span, "title": {"text": "test accuracy (%)"}},
            yaxis={
                "range": [len(names) - 0.5, -0.7],
                "tickvals": list(range(len(names))),
                "showgrid": False,
                "ticktext": [
                    f"{plain(short(name, 40))}<br>{amount(own)} steps" for name, own in zip(names, steps, strict=True)
                ],
            },
        )
        return figure

    title = _title(results, level, dense)
    return Chart(
        name="recovery-comparison",
        title=title,
        alt=f"Final test accuracies of {len(names)} strategies with 95 % Wilson intervals and the training steps that "
        f"each had. {title}.",
        table=pd.DataFrame(
            {
                "strategy": names,
                "training_steps": steps,
                "sparsity_percent": to_percent(level),
                "accuracy_percent": shares.round(4),
                "low_95_percent": low.round(4),
                "high_95_percent": high.round(4),
                "images_count": results["count"],
            }
        ),
        draw=draw,
    )


def _span(ends: Sequence[float]) -> list[float]:
    """Round numbers around all intervals."""
    if not ends:
        return [0, 100]
    low, high = min(ends), max(ends)
    step = 10 if high - low > 20 else 5 if high - low > 6 else 1
    return [max(0, step * np.floor((low - 0.2) / step)), min(100, step * np.ceil((high + 0.2) / step))]


def _title(results: pd.DataFrame, level: int, dense: float | None) -> str:
    """The one that is best on validation images of those that were trained, the next, and how far they are apart."""
    by = "validation" if "validation" in results and results["validation"].notna().any() else "accuracy"
    trained = results[results["steps"] > 0].sort_values(by, ascending=False, kind="stable")
    at = f"At {level_percent(level)} sparsity"
    if trained.empty:
        return f"{at} no strategy has finished yet"
    best = trained.iloc[0]
    title = f"{at} {best['strategy']} ends at {percent(best['accuracy'])}"
    if len(trained) > 1:
        second = trained.iloc[1]
        # By counts, as the paired test has it: shares subtracted may round to another tenth.
        same = best["count"] == second["count"]
        gap = (best["correct"] - second["correct"]) / best["count"] if same else best["accuracy"] - second["accuracy"]
        away = f"{abs(100 * gap):.1f} points {'above' if gap > 0 else 'below'}" if round(100 * gap, 1) else "level with"
        title += f", {away} {second['strategy']}"
    elif dense is not None:
        gap = 100 * (best["accuracy"] - dense)
        title += f", {abs(gap):.1f} points {'above' if gap > 0 else 'below'} dense"
    return title
