"""When does each layer give way? Layers against training steps; and which weights went and came back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.results.charts.base import ROW, Chart, amount, labels, need, percent
from pruning.results.charts.marks import blank, top_down
from pruning.results.charts.palette import KEPT, REMOVED, SEQUENCE
from pruning.results.charts.sketch import Sketch
from pruning.results.training import CHURN, LAYERS, churn_export


def sparsity_over_time(layers: pd.DataFrame, steps: int, strategy: str, pending: bool = False) -> Chart:
    """The layer map over time: each column is one look, and spans the steps since the look before.

    Args:
        layers: as ``pruning.results.training.layers_frame`` makes them, one strategy.
        steps: the budget: how far the axis goes.
        strategy: its name, for the title.
        pending: more is on its way.

    Raises:
        BadValue: a column is missing, or a layer was not looked at each time.
    """
    need(layers, LAYERS, "layers")
    layers = layers.sort_values(["order", "step"], kind="stable")
    names = list(dict.fromkeys(map(str, layers["layer"])))
    at = np.unique(layers["step"].to_numpy(np.int64)) if len(layers) else np.zeros(0, np.int64)
    if len(layers) != len(names) * len(at):
        raise BadValue("The table needs each layer once at each look.")
    removed = layers["removed"].to_numpy(np.int64).reshape(len(names), len(at))
    weights = layers["weights"].to_numpy(np.int64).reshape(len(names), len(at))
    share = removed / np.maximum(weights, 1)
    # 100 means that a layer is empty, 0 that it is whole: neither is reached by rounding.
    cells = np.where(removed == weights, 100, np.where(removed == 0, 0, np.clip(np.rint(share * 100), 1, 99)))
    edges = np.concatenate([[0 if not len(layers) else int(layers["since"].min())], at])

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        if len(at):
            figure.add_heatmap(
                z=cells.astype(np.uint8),
                x=edges,
                y=names,
                customdata=weights - removed,
                zmin=0,
                zmax=100,
                colorscale=SEQUENCE,
                name="share removed",
                hovertemplate="%{y}, up to step %{x:,}<br>"
                "<b>%{z} % of the layer removed</b><br>%{customdata:,} weights left<extra></extra>",
                colorbar={"title": {"text": "removed", "side": "right"}, "ticksuffix": " %", "thickness": 14},
            )
        else:
            blank(figure)
        row = max(20, 34 - len(names) // 4)
        figure.update_layout(
            height=int(np.clip(row * len(names), 110, 1000)) + 62,
            margin={"t": 10, "b": 10},
            xaxis={"range": [0, max([steps, *at], default=1)], "title": {"text": "optimiser steps"}, "showgrid": False},
            yaxis=top_down(names, labels(names)),
        )
        return figure

    title = _title(names, removed, weights, at, strategy, pending)
    return Chart(
        name="sparsity-over-time",
        title=title,
        alt=f"Map of {len(names)} layers in forward order against optimiser steps; colour is the share of weights "
        f"removed in each layer. {title}.",
        table=pd.DataFrame(
            {
                "layer": layers["layer"],
                "order": layers["order"],
                "step": layers["step"],
                "weights_count": layers["weights"],
                "removed_count": layers["removed"],
                "removed_percent": np.round(100 * share.ravel(), 4),
            }
        ).reset_index(drop=True),
        draw=draw,
    )


def _title(
    names: list[str], removed: np.ndarray, weights: np.ndarray, at: np.ndarray, strategy: str, pending: bool
) -> str:
    if not len(at):
        return f"{strategy}: no look at the masks yet"
    now = removed[:, -1].sum() / max(1, weights[:, -1].sum())
    share = removed[:, -1] / np.maximum(weights[:, -1], 1)
    most, least = int(share.argmax()), int(share.argmin())
    moving = (np.diff(removed.sum(0)) != 0).any()
    how = "fills up to" if moving else "stays at"
    if pending:
        how = "has reached" if moving else "stands at"
    said = f"{strategy} {how} {percent(now)} sparsity"
    if share[most] - share[least] < 0.005:
        return f"{said}, every layer alike"
    return f"{said}: {names[most]} loses most ({percent(share[most], 0)}), {names[least]} least " + (
        f"({percent(share[least], 0)})"
    )


def mask_churn(churn: pd.DataFrame, steps: int, strategy: str) -> Chart:
    """Weights that went and came back between two looks: removed upwards, revived downwards.

    Args:
        churn: as ``pruning.results.training.churn_frame`` makes it.
        steps: how far the axis goes.
        strategy: its name, for the title.

    Raises:
        BadValue: a column is missing.
    """
    need(churn, CHURN, "churn")
    gone, back = (churn[name].to_numpy(np.int64) for name in ("gone", "back"))
    width = (churn["step"] - churn["since"]).to_numpy(np.int64)

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for counts, sign, role, word in ((gone, 1, REMOVED, "removed"), (back, -1, KEPT, "came back")):
            figure.add_bar(
                # From where it begins, not around its middle: plotly sets its ticks where bars stand.
                x=churn["since"],
                offset=0.05 * width,
                width=0.9 * width,
                y=sign * counts,
                name=word,
                marker={"color": role.colour(theme)},
                customdata=[[amount(count), amount(step)] for count, step in zip(counts, churn["step"], strict=True)],
                hovertemplate=f"<b>%{{customdata[0]}} weights {word}</b><br>up to step %{{customdata[1]}}"
                "<extra></extra>",
            )
        figure.update_layout(
            height=260,
            margin={"t": 10, "b": 10},
            barmode="relative",
            showlegend=True,
            legend=ROW,
            xaxis={"range": [0, max([steps, *churn["step"]], default=1)], "title": {"text": "optimiser steps"}},
            yaxis={"title": {"text": "weights a look"}, "tickformat": ",", "zeroline": True},
        )
        return figure

    total = int(back.sum())
    title = (
        f"{strategy}: {amount(gone.sum())} weights went, {amount(total)} came back"
        if total
        else f"{strategy}: {amount(gone.sum())} weights went, none came back"
    )
    return Chart(
        name="mask-churn",
        title=title,
        alt=f"Bars of weights removed (up) and revived (down) between validation checks along {amount(steps)} steps. "
        f"{title}.",
        table=churn_export(churn),
        draw=draw,
    )
