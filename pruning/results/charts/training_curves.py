"""How does it recover? Accuracy or loss against training steps, one line a strategy, validation and training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.results.charts.base import BELOW, Chart, amount, need, percent, plain, short
from pruning.results.charts.curve_looks import STYLES
from pruning.results.charts.marks import note, reference_line
from pruning.results.charts.palette import DENSE, INK, Role
from pruning.results.charts.sketch import Sketch
from pruning.results.training import CURVES

WHAT = {"accuracy": "accuracy (%)", "loss": "cross-entropy loss", "sparsity": "sparsity (% of weights removed)"}
SPLITS = {"validation": ("solid", 2.5, 7), "train": ("dot", 1.5, 4)}
"""Dash, width and marker size (px)."""


def training_curves(
    curves: pd.DataFrame,
    what: str = "accuracy",
    steps: int = 0,
    dense: float | None = None,
    planned: Sequence[str] = (),
    pending: bool = False,
) -> Chart:
    """The curves.

    Args:
        curves: as ``pruning.results.training.curves_frame`` makes them; accuracies and sparsity are 0..1.
        what: "accuracy", "loss" or "sparsity".
        steps: the budget: how far the axis goes.
        dense: validation accuracy of the network before pruning (0..1).
        planned: all strategies, so that each keeps its colour while others have not begun.
        pending: more is on its way.

    Raises:
        BadValue: a column is missing, or another ``what``.
    """
    if what not in WHAT:
        raise BadValue(f"The curves show {', '.join(WHAT)}, not '{what}'.")
    need(curves, CURVES, "curves")
    curves = curves.sort_values(["strategy", "step"], kind="stable")
    names = list(dict.fromkeys([*planned, *curves["strategy"]]))
    roles = dict(zip(names, styles(len(names)), strict=True))
    last = int(max([steps, *curves["step"]], default=1)) or 1
    splits = {"validation": SPLITS["validation"]} if what == "sparsity" else SPLITS
    fields = [what] if what == "sparsity" else [f"{split}_{what}" for split in splits]
    scale = 1 if what == "loss" else 100

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for name in names:
            rows = curves[curves["strategy"] == name]
            for (split, look), field in zip(splits.items(), fields, strict=True):
                _line(figure, rows, scale * rows[field].astype(float), name, split, look, roles[name], theme, what)
        if what == "accuracy" and dense is not None:
            reference_line(figure, dense, DENSE, "dense", theme, DENSE.colour(theme))
        if what != "sparsity":
            figure.add_scatter(
                x=[None],
                y=[None],
                mode="lines",
                name="dotted: training batches; solid: validation images",
                line={"color": INK[theme], "dash": "dot", "width": 1.5},
                legendrank=2000,
            )
        if pending or not len(curves):
            note(figure, "training …" if pending else "nothing trained yet", theme, 0.98, 0.04, "right")
        figure.update_layout(
            height=400 + 22 * (len(names) + 1),
            hovermode="closest",
            showlegend=True,
            margin={"t": 10, "b": 10, "r": 66 if what == "accuracy" and dense is not None else 14},
            legend=BELOW,
            xaxis={"range": [0, 1.01 * last], "title": {"text": "optimiser steps after pruning began"}},
            yaxis={"range": _span(curves, fields, scale, what, dense), "title": {"text": WHAT[what]}},
        )
        return figure

    title = _title(curves, what, pending)
    return Chart(
        name=f"training-{what}",
        title=title,
        alt=f"{WHAT[what]} against optimiser steps from 0 to {amount(last)}, {len(names)} strategies. {title}.",
        table=_table(curves),
        draw=draw,
    )


def styles(count: int) -> list[Role]:
    """Looks of so many strategies, in their order."""
    return [STYLES[number % len(STYLES)] for number in range(count)]


def _line(
    figure: Sketch,
    rows: pd.DataFrame,
    y: pd.Series,
    name: str,
    split: str,
    look: tuple[str, float, int],
    role: Role,
    theme: str,
    what: str,
) -> None:
    """One line; validation stands in the legend, training is drawn thin and dotted."""
    dash, width, size = look
    colour, main = role.colour(theme), split == "validation"
    unit = "" if what == "loss" else " %"
    kind = {"validation": "validation", "train": "training batches"}[split] if what != "sparsity" else "sparsity"
    figure.add_scatter(
        x=rows["step"] if len(rows) else [None],
        y=y if len(rows) else [None],
        mode="lines+markers" if main else "lines",
        name=plain(short(name, 60)) + ("" if len(rows) else " (not begun)"),
        showlegend=main,
        legendgroup=name,
        opacity=1 if main else 0.7,
        line={"color": colour, "width": width, "dash": dash},
        cliponaxis=False,
        marker={"symbol": role.symbol, "size": size, "color": colour},
        customdata=[percent(share) for share in rows["sparsity"]],
        hovertemplate=f"<b>%{{y:.{3 if what == 'loss' else 2}f}}{unit}</b> {kind}<br>step %{{x:,}}, "
        f"%{{customdata}} sparsity<extra>{plain(short(name, 60))}</extra>",
    )


def _span(curves: pd.DataFrame, fields: Sequence[str], scale: int, what: str, dense: float | None) -> list[float]:
    """From a round number under the lowest value to one above the highest, so that the axis moves seldom."""
    values = scale * curves[list(fields)].to_numpy(np.float64)
    values = values[np.isfinite(values)]
    if what == "sparsity":
        return [0, 100]
    if what == "loss":
        return [0, float(np.ceil(2 * min(2.5, values.max())) / 2) if values.size else 2.5]
    lowest = min([*values, *([100 * dense] if dense is not None else [])], default=0.0)
    return [10 * np.floor(lowest / 10), 100]


def _title(curves: pd.DataFrame, what: str, pending: bool) -> str:
    """Which strategy stands best on validation at its last look."""
    if curves.empty:
        return "Training has begun" if pending else "Nothing is trained yet"
    ends = curves.groupby("strategy", sort=False).last()
    if what == "sparsity":
        end = percent(float(ends["sparsity"].max()))
        return f"The sparsest {'has reached' if pending else 'ends at'} {end} sparsity"
    column = f"validation_{what}"
    ends = ends.dropna(subset=[column]).sort_values(column, ascending=what == "loss")
    if ends.empty:
        return "Training without a look at validation images"
    best = ends.sort_values("step", ascending=False, kind="stable").iloc[0] if pending else ends.iloc[0]
    value = percent(best[column]) if what == "accuracy" else f"{best[column]:.3f}"
    word = "accuracy" if what == "accuracy" else "loss"
    if pending:  # strategies stand at different steps: no ranking yet
        return f"{best.name} has {value} validation {word} after {amount(best['step'])} steps"
    if len(ends) == 1:
        return f"{best.name} ends at {value} validation {word} after {amount(best['step'])} steps"
    return f"{best.name} ends with the best validation {word}, {value}, then {ends.index[1]}"


def _table(curves: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "strategy": curves["strategy"],
            "step": curves["step"],
            "train_loss": curves["train_loss"].astype(float).round(6),
            "train_accuracy_percent": (100 * curves["train_accuracy"].astype(float)).round(4),
            "validation_loss": curves["validation_loss"].astype(float).round(6),
            "validation_accuracy_percent": (100 * curves["validation_accuracy"].astype(float)).round(4),
            "sparsity_percent": (100 * curves["sparsity"].astype(float)).round(4),
        }
    ).reset_index(drop=True)
