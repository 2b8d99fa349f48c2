"""Which attention heads stay? A grid of layers and heads."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.results.charts.base import ROW, Chart, labels, need, plain
from pruning.results.charts.marks import top_down
from pruning.results.charts.palette import KEPT, REMOVED
from pruning.results.charts.sketch import Sketch


def head_grid(heads: pd.DataFrame) -> Chart:
    """A square for each head: filled where it stays, crossed where it was removed.

    Args:
        heads: ``layer``, ``order`` (forward order), ``head`` (its number in the dense network) and ``kept`` (bool).

    Raises:
        BadValue: when a column is missing.
    """
    need(heads, ("layer", "order", "head", "kept"), "heads")
    heads = heads.sort_values(["order", "head"])
    names = [str(name) for name in dict.fromkeys(heads["layer"])]
    kept = heads["kept"].to_numpy(bool)
    table = pd.DataFrame({"layer": heads["layer"].to_numpy(), "head": heads["head"].to_numpy(), "kept": kept})

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        for role, which, word in ((KEPT, kept, "kept"), (REMOVED, ~kept, "removed")):
            some = heads[which]
            figure.add_scatter(
                x=some["head"],
                y=some["layer"],
                mode="markers",
                name=word,
                marker={
                    "color": role.colour(theme),
                    "symbol": "square" if role is KEPT else "x-thin",
                    "size": 22,
                    "line": {"color": role.colour(theme), "width": 4 if role is REMOVED else 0},
                },
                customdata=[plain(str(name)) for name in some["layer"]],
                hovertemplate=f"%{{customdata}}, head %{{x}}<br><b>{word}</b><extra></extra>",
            )
        most = int(heads["head"].max()) if len(heads) else 0
        figure.update_layout(
            height=40 * len(names) + 96,
            margin={"t": 8, "r": 10},
            legend=ROW,
            xaxis={
                "range": [-0.6, most + 0.6],
                "dtick": 1 if most < 16 else 4,
                "showgrid": False,
                "title": {"text": "head (number in the dense network)"},
            },
            yaxis=top_down(names, labels(names, 22)),
        )
        return figure

    title = _title(names, heads, kept)
    return Chart(
        name="head-grid",
        title=title,
        alt=f"A grid of {len(names)} attention layers and their heads, kept or removed. {title}.",
        table=table,
        draw=draw,
    )


def _title(names: list[str], heads: pd.DataFrame, kept: np.ndarray) -> str:
    """The finding: how many heads stay, and where fewest."""
    if kept.all():
        return f"All {len(kept)} heads stay"
    left = pd.Series(kept).groupby(heads["layer"].to_numpy(), sort=False).sum()
    text = f"{int(kept.sum())} of {len(kept)} heads stay"
    if left.min() == left.max():
        return f"{text}, {int(left.min())} in every layer"
    return f"{text}; {left.idxmin()} keeps {int(left.min())}"
