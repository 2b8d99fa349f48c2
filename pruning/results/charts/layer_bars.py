"""How much does each layer give at this level, and how much of the network is that layer?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pruning.results.charts.base import ROW, Chart, amount, labels, need, percent
from pruning.results.charts.layer_map import grid
from pruning.results.charts.levels import check_level
from pruning.results.charts.marks import frame_row, top_down
from pruning.results.charts.palette import BASELINE, CONTROL, FAINT, INK, KEPT, REMOVED
from pruning.results.charts.sketch import Sketch


def layer_bars(
    layers: pd.DataFrame, level: int, selected: str | None = None, baseline: pd.DataFrame | None = None
) -> Chart:
    """Two bars a layer: its share removed, and its share of all prunable weights.

    The names are the points' ``customdata``, so that a click selects a layer anywhere in its row.

    Args:
        layers: ``layer``, ``order`` (forward order), ``weights`` and ``removed`` at this level.
        level: sparsity asked for, per mille.
        selected: a layer to frame.
        baseline: the same columns for the pinned setting; layers are matched by name.

    Raises:
        BadValue: when a column is missing.
    """
    check_level(level)
    need(layers, ("layer", "order", "weights", "removed"), "layers")
    layers = layers.sort_values("order")
    names = [str(name) for name in layers["layer"]]
    weights, removed = layers["weights"].to_numpy(np.int64), layers["removed"].to_numpy(np.int64)
    share, part = removed / np.maximum(weights, 1), weights / max(1, weights.sum())
    emptied = (removed == weights) & (weights > 0)
    table = pd.DataFrame(
        {
            "layer": names,
            "level_permille": level,
            "weights_count": weights,
            "removed_count": removed,
            "removed_percent": np.round(100 * share, 4),
            "part_of_all_weights_percent": np.round(100 * part, 4),
        }
    )
    pinned = None
    if baseline is not None:
        need(baseline, ("layer", "weights", "removed"), "baseline")
        by_name = baseline.set_index(baseline["layer"].astype(str))
        pinned = (by_name["removed"] / by_name["weights"].clip(lower=1)).reindex(names).to_numpy(np.float64)
        table["pinned_removed_percent"] = np.round(100 * pinned, 4)

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        hover = [
            [name, amount(gone), amount(all_), percent(some), percent(of_all)]
            for name, gone, all_, some, of_all in zip(names, removed, weights, share, part, strict=True)
        ]
        said = (
            "%{customdata[0]}<br><b>%{customdata[3]} removed</b>: %{customdata[1]} of %{customdata[2]} weights"
            "<br>%{customdata[4]} of all prunable weights<extra></extra>"
        )
        # What is kept is a faint track of full length: every click in a row meets a bar.
        common = {
            "y": names,
            "orientation": "h",
            "customdata": hover,
            "hovertemplate": said,
            "width": 0.72,
            "unselected": {"marker": {"opacity": 1}},
        }
        track = KEPT.tint(theme, 0.25 if theme == "light" else 0.4)
        figure.add_bar(x=[100] * len(names), name="kept", marker={"color": track}, **common)
        figure.add_bar(
            x=100 * share,
            name="removed",
            textposition="auto",
            insidetextanchor="start",
            textangle=0,
            text=_words(share, emptied),
            insidetextfont={"color": "#000000"},
            outsidetextfont={"color": INK[theme]},
            constraintext="none",
            marker={
                "color": REMOVED.colour(theme),
                "pattern": {
                    "shape": ["x" if empty else "" for empty in emptied],
                    "size": 6,
                    "solidity": 0.12,
                    "fgcolor": "#000000",
                    "fillmode": "overlay",
                },
            },
            **common,
        )
        figure.add_bar(
            x=100 * part,
            xaxis="x2",
            showlegend=False,
            name="part of all weights",
            constraintext="none",
            text=[percent(of_all) for of_all in part],
            textposition="outside",
            cliponaxis=False,
            marker={"color": CONTROL.colour(theme)},
            **{**common, "width": 0.36},
        )
        if pinned is not None:
            figure.add_scatter(
                x=100 * pinned,
                y=names,
                mode="markers",
                name="pinned",
                customdata=hover,
                marker={"symbol": "line-ns", "size": 18, "line": {"color": BASELINE.colour(theme), "width": 4}},
                hovertemplate="pinned: %{x:.1f} %<extra></extra>",
                unselected={"marker": {"opacity": 1}},
            )
        rows = int(np.clip(28 * len(names), 110, 1100))
        # The second scale depends on the network alone, so it stands still too; room for its numbers on the right.
        widest = 100 * float(part.max(initial=0.01)) * 2.2
        figure.update_layout(
            height=rows + 110,
            barmode="overlay",
            bargap=0.2,
            margin={"t": 8, "r": 10},
            legend={**ROW, "traceorder": "normal"},
            xaxis={"range": [0, 100], "domain": [0, 0.64], "dtick": 25, "title": {"text": "removed (%)"}},
            xaxis2={
                "range": [0, widest],
                "domain": [0.77, 1],
                "anchor": "y",
                "nticks": 3,
                "tickangle": 0,
                "showgrid": False,
                "title": {"text": "% of all"},
            },
            yaxis=top_down(names, labels(names, 16, selected)),
        )
        frame_row(figure, names, selected, layer="below", fillcolor=FAINT[theme], line={"width": 0})
        return figure

    title = _title(names, share, part, emptied, level)
    return Chart(
        name="layer-bars",
        title=title,
        alt=f"Bars for {len(names)} layers in forward order: share of the layer's weights removed, and the layer's "
        f"share of all prunable weights. {title}.",
        table=table,
        draw=draw,
    )


def bars_at(
    profile: pd.DataFrame, levels: Sequence[int]
) -> tuple[list[str], tuple[int, list[list[int]], list[list[str]]]]:
    """The title at each of these levels, and for the bars of what is removed: which trace they are, and at each level
    their lengths (per mille) and words.

    Args:
        profile: as the layer map takes it.
        levels: per mille, among those of the profile.
    """
    names, weights, at_all = grid(profile)
    part = weights / max(1, weights.sum())
    titles, lengths, words = [], [], []
    for level in levels:
        removed = at_all[:, min(level, at_all.shape[1] - 1)]
        share, emptied = removed / np.maximum(weights, 1), (removed == weights) & (weights > 0)
        titles.append(_title(names, share, part, emptied, level))
        lengths.append(np.rint(1000 * share).astype(int).tolist())
        words.append(_words(share, emptied))
    return titles, (1, lengths, words)


def _words(share: np.ndarray, emptied: np.ndarray) -> list[str]:
    """What stands in the bars."""
    return ["layer collapse" if empty else percent(some, 0) for empty, some in zip(emptied, share, strict=True)]


def _title(names: list[str], share: np.ndarray, part: np.ndarray, emptied: np.ndarray, level: int) -> str:
    """The finding: what gives most, and how large it is."""
    if level == 0 or not share.any():
        big = int(part.argmax())
        return f"Nothing removed yet; {names[big]} holds {percent(part[big], 0)} of the weights"
    if emptied.all():
        return "Every layer is empty"
    if emptied.any():
        which = [name for name, empty in zip(names, emptied, strict=True) if empty]
        said = which[0] if len(which) == 1 else f"{len(which)} of {len(names)} layers"
        return f"Layer collapse: {said} {'has' if len(which) == 1 else 'have'} no weights left"
    most = int(share.argmax())
    if share[most] - share.min() < 0.005:
        return f"Every layer gives {percent(share[most], 0)} of its weights"
    return f"{names[most]} gives {percent(share[most], 0)} and holds {percent(part[most])} of all weights"
