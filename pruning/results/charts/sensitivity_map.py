"""Which layer can be spared? Accuracy with one layer alone pruned, layers in forward order against the share pruned."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.common.levels import percent_digits
from pruning.results.charts.base import Chart, labels, need, percent
from pruning.results.charts.levels import level_percent
from pruning.results.charts.marks import frame_row, top_down
from pruning.results.charts.palette import INK, SEQUENCE
from pruning.results.charts.sketch import Sketch

MOST_NUMBERS = 12
"""Columns in which a number still fits its cell."""
LOST = 0.05
"""A layer gives way where five points of accuracy are lost."""


def sensitivity_map(scan: pd.DataFrame, dense: float, count: int, split: str, selected: str | None = None) -> Chart:
    """The map of a sensitivity scan.

    Args:
        scan: one row a layer and share: ``layer``, ``order`` (forward order), ``share`` (of the layer's units removed,
            per mille) and ``accuracy`` (0..1), NaN where it is not measured yet; perhaps ``removed``, the units that
            really went, NaN where that is not known.
        dense: accuracy of the dense network on the same images (0..1).
        count, split: how many images of which split.
        selected: a layer to frame.

    Raises:
        BadValue: when a column or a share is missing.
    """
    need(scan, ("layer", "order", "share", "accuracy"), "scan")
    names, shares, cells = _grid(scan)
    gone = _grid(scan.assign(accuracy=scan["removed"]))[2] if "removed" in scan else np.full_like(cells, np.nan)
    moved = ~(gone == 0)  # a cell in which nothing went says nothing of its layer
    texts = [[f"{100 * value:.0f}" if np.isfinite(value) else "" for value in row] for row in cells]

    def draw(theme: str) -> Sketch:
        columns = [percent_digits(share) for share in shares]
        figure = Sketch()
        figure.add_heatmap(
            z=np.where(np.isfinite(cells), 100 * cells, np.nan),
            x=columns,
            y=names,
            zmin=0,
            zmax=100,
            colorscale=SEQUENCE,
            text=texts if len(shares) <= MOST_NUMBERS else None,
            texttemplate="%{text}",
            textfont={"size": 12},
            name="accuracy",
            xgap=1,
            ygap=1,
            hoverongaps=False,
            colorbar={"title": {"text": "accuracy", "side": "right"}, "ticksuffix": " %", "thickness": 14},
            hovertemplate="%{y} alone, %{x} % of it removed<br><b>%{z:.1f} % accuracy</b> "
            + f"(dense {percent(dense)})<extra></extra>",
        )
        row = max(20, 30 - len(names) // 4)
        figure.update_layout(
            height=int(np.clip(row * len(names), 130, 1100)) + 70,
            margin={"t": 10, "b": 10},
            xaxis={
                "type": "category",
                "title": {"text": "removed of this layer alone (%)"},
                "showgrid": False,
                "tickangle": 0,
            },
            yaxis=top_down(names, labels(names, selected=selected)),
        )
        frame_row(figure, names, selected, line={"color": INK[theme], "width": 2})
        return figure

    title = _title(names, shares, cells, dense, moved)
    return Chart(
        name="sensitivity",
        title=title,
        alt=f"Map of {len(names)} layers in forward order against the share removed of one layer alone; colour is the "
        f"{split} accuracy on {count:,} images from 0 to 100 %. {title}.",
        table=pd.DataFrame(
            {
                "layer": np.repeat(names, len(shares)),
                "order": np.repeat(np.arange(len(names)), len(shares)),
                "removed_of_layer_permille": np.tile(shares, len(names)),
                "accuracy_percent": np.round(100 * cells.ravel(), 3),
                "dense_accuracy_percent": round(100 * dense, 3),
                "removed_units": gone.ravel(),
                "images_count": count,
                "split": split,
            }
        ),
        draw=draw,
    )


def _grid(scan: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names in forward order, shares ascending, accuracies ``(layers, shares)``."""
    scan = scan.sort_values(["order", "share"], kind="stable")
    shares = np.sort(scan["share"].unique()).astype(np.int64)
    names = [str(name) for name in scan["layer"].unique()]
    if not len(scan) or len(scan) != len(names) * len(shares):
        raise BadValue("The scan needs each layer at each share, once.")
    return names, shares, scan["accuracy"].to_numpy(np.float64).reshape(len(names), len(shares))


def _title(names: list[str], shares: np.ndarray, cells: np.ndarray, dense: float, moved: np.ndarray) -> str:
    """The finding: which layer gives way first, and which last; of those of which anything went."""
    done = np.isfinite(cells).all(axis=1)
    if not done.any():
        return "Which layer can be spared?"
    if not done.all():
        return f"{int(done.sum())} of {len(names)} layers scanned"
    if not moved.any(axis=1).all():
        some = np.flatnonzero(moved.any(axis=1))
        names, cells = [names[row] for row in some], cells[some]
        if not names:
            return "Nothing was removed: each layer has too few units for these shares"
    lost = cells < dense - LOST
    first = np.where(lost.any(axis=1), lost.argmax(axis=1), len(shares))
    if (first == len(shares)).all():
        return f"No layer alone costs 5 points, up to {level_percent(shares[-1])} of it removed"
    weakest = int(min(np.flatnonzero(first == first.min()), key=lambda row: cells[row, first[row]]))
    spared = int((first == len(shares)).sum())
    said = f"{names[weakest]} gives way first, 5 points lost with {level_percent(shares[first[weakest]])} of it gone"
    if spared:
        return f"{said}; {spared} of {len(names)} layers never cost that much"
    strongest = int(max(np.flatnonzero(first == first.max()), key=lambda row: cells[row, first[row]]))
    if first[strongest] == first[weakest]:
        return said
    return f"{said}, {names[strongest]} last, at {level_percent(shares[first[strongest]])}"
