"""Which layers give way? Layers in forward order against every sparsity; colour is the share removed in the layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.common.levels import LEVELS, to_percent
from pruning.results.charts.axes import CURSOR_ROOM, LINEAR, UNIT, Axis, cursor, layout, linear, positions
from pruning.results.charts.base import ROW, Chart, labels, need, percent
from pruning.results.charts.levels import check_level, level_percent
from pruning.results.charts.marks import frame_row, top_down
from pruning.results.charts.palette import SEQUENCE
from pruning.results.charts.sketch import Sketch


def layer_map(
    profile: pd.DataFrame, level: int, axis: Axis = LINEAR, selected: str | None = None, unit: str = UNIT
) -> Chart:
    """The layer map.

    Args:
        profile: one row a layer and level: ``layer``, ``order`` (forward order), ``weights`` (prunable weights of the
            layer), ``level`` (per mille, all from 0 to 1000 or to the highest that can be reached) and ``removed``
            (weights removed). What is out of reach stays blank.
        level: the cursor, per mille.
        axis: "sparsity" (linear) or "remaining" (logarithmic).
        selected: a layer to frame.
        unit: what the levels are shares of, "channels", say.

    Raises:
        BadValue: when a column or a level is missing.
    """
    check_level(level)
    names, weights, removed = grid(profile)
    reached = removed.shape[1] - 1
    removed = np.pad(removed, ((0, 0), (0, LEVELS - reached)), mode="edge")
    full = removed == weights[:, None]
    share = removed / np.maximum(weights, 1)[:, None]
    # Whole per cent in one byte, as 60 layers x 1001 levels go to the browser at each move of the slider. Neither
    # end is reached by rounding: 100 means that the layer is empty, 0 that it is whole.
    cells = np.where(full, 100, np.where(removed == 0, 0, np.clip(np.rint(share * 100), 1, 99))).astype(np.uint8)
    if reached < LEVELS:
        cells = np.where(np.arange(LEVELS + 1) > reached, np.nan, cells).astype(np.float32)
    first = np.where(full.any(axis=1), full.argmax(axis=1), LEVELS + 1)
    left = _narrow(weights[:, None] - removed)
    columns = slice(None) if linear(axis) else slice(LEVELS - 1, None, -1)  # nothing remaining has no logarithm

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        figure.add_heatmap(
            z=cells[:, columns],
            y=names,
            customdata=left[:, columns],
            **_columns(axis),
            zmin=0,
            zmax=100,
            colorscale=SEQUENCE,
            name="share removed",
            colorbar={"title": {"text": "removed in the layer", "side": "right"}, "ticksuffix": " %", "thickness": 14},
            hovertemplate="%{y}<br>%{x:.4~g} % "
            + ("asked" if linear(axis) else "remaining asked")
            + "<br><b>%{z} % of the layer removed</b><br>%{customdata:,} weights left<extra></extra>",
        )
        fallen = np.flatnonzero(first < LEVELS)
        if len(fallen):
            figure.add_scatter(
                x=positions(first[fallen], axis),
                y=[names[at] for at in fallen],
                mode="markers",
                name="layer emptied (layer collapse)",
                marker={"symbol": "x", "size": 10, "color": "#000000", "line": {"color": "#FFFFFF", "width": 1.5}},
                customdata=[level_percent(at) for at in first[fallen]],
                cliponaxis=False,
                showlegend=True,
                hovertemplate="%{y} is empty from %{customdata} on<extra></extra>",
            )
        row = max(20, 30 - len(names) // 4)
        figure.update_layout(
            height=int(np.clip(row * len(names), 110, 1000)) + CURSOR_ROOM + (92 if len(fallen) else 62),
            margin={"t": CURSOR_ROOM, "b": 10},
            legend=ROW,
            xaxis={**layout(axis, unit), "showgrid": False},
            yaxis=top_down(names, labels(names, selected=selected)),
        )
        frame_row(figure, names, selected, line={"color": "#FFFFFF", "width": 3})
        cursor(figure, level, axis, theme, halo=True)
        return figure

    title = _title(names, weights, removed, first, level, reached)
    rows, known = len(names), reached + 1
    words = "sparsity from 0 to 100 %" if linear(axis) else f"{unit} remaining from 100 to 0.1 %"
    return Chart(
        name="layer-map",
        title=title,
        alt=f"Map of {len(names)} layers in forward order against {words}; colour is the share of weights removed in "
        f"each layer. {title}.",
        table=pd.DataFrame(
            {
                "layer": pd.Categorical.from_codes(np.repeat(np.arange(rows), known), categories=names),
                "order": np.repeat(np.arange(rows), known),
                "level_permille": np.tile(np.arange(known), rows),
                "weights_count": np.repeat(weights, known),
                "removed_count": removed[:, :known].ravel(),
                "removed_percent": np.round(100 * share[:, :known].ravel(), 4),
            }
        ),
        draw=draw,
    )


def grid(profile: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray]:
    """A long profile as (names in forward order, weights (layers,), removed (layers, 1 + highest level)).

    Raises:
        BadValue: when a column is missing, or a layer lacks a level.
    """
    need(profile, ("layer", "order", "weights", "level", "removed"), "profile")
    order, levels = (profile[column].to_numpy(np.int64) for column in ("order", "level"))
    index = np.lexsort((levels, order))
    known = int(levels.max(initial=-1)) + 1
    rows = len(index) // known if known else 0
    if not rows or len(index) != rows * known or (levels[index].reshape(rows, -1) != np.arange(known)).any():
        raise BadValue("The profile needs each layer at each level from 0 to 1000 per mille, or what is reached, once.")
    starts = index[::known]
    return (
        [str(name) for name in profile["layer"].iloc[starts]],
        profile["weights"].to_numpy()[starts].astype(np.int64),
        profile["removed"].to_numpy()[index].astype(np.int64).reshape(rows, known),
    )


def _columns(axis: Axis) -> dict[str, Any]:
    """Where the heat map's columns lie: evenly, or between edges half a level apart on the logarithmic axis."""
    if linear(axis):
        return {"x0": 0, "dx": 0.1}
    return {"x": to_percent((np.arange(LEVELS + 1) + 0.5).astype(np.float32))}


def _narrow(counts: np.ndarray) -> np.ndarray:
    """Counts in the narrowest unsigned type that holds them and that plotly sends as bytes."""
    return counts.astype(np.uint16 if counts.max(initial=0) < 2**16 else np.uint32)


def titles(profile: pd.DataFrame, levels: Sequence[int]) -> list[str]:
    """The title of the map at each of these levels (per mille)."""
    names, weights, removed = grid(profile)
    reached = removed.shape[1] - 1
    removed = np.pad(removed, ((0, 0), (0, LEVELS - reached)), mode="edge")
    full = removed == weights[:, None]
    first = np.where(full.any(axis=1), full.argmax(axis=1), LEVELS + 1)
    return [_title(names, weights, removed, first, level, reached) for level in levels]


def _title(
    names: list[str], weights: np.ndarray, at_all: np.ndarray, first: np.ndarray, level: int, reached: int
) -> str:
    """The finding at this level in one sentence."""
    if level > reached:
        return f"{level_percent(level)} sparsity is out of reach: at most {level_percent(reached)}"
    removed = at_all[:, level]
    leader = int(first.argmin())
    if level == LEVELS:
        return f"At {percent(1)} every layer is empty"
    at = level_percent(level)
    emptied = int((removed == weights).sum())
    if emptied:
        since = f"from {level_percent(first[leader])} on"
        if emptied == 1:
            return f"At {at} sparsity {names[leader]} is empty, {since}"
        return f"At {at} sparsity {emptied} of {len(names)} layers are empty, first {names[leader]}, {since}"
    if level == 0 or not removed.any():
        if first[leader] < LEVELS:
            return f"Nothing removed yet; {names[leader]} would be empty first, at {level_percent(first[leader])}"
        return "Nothing removed yet; no layer is emptied before the end"
    share = removed / np.maximum(weights, 1)
    most, least = int(share.argmax()), int(share.argmin())
    if share[most] - share[least] < 0.005:
        return f"At {at} sparsity every layer loses the same share of its weights"
    return (
        f"At {at} sparsity {names[most]} loses most ({percent(share[most], 0)}), "
        f"{names[least]} least ({percent(share[least], 0)})"
    )
