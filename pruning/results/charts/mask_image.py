"""Where in the layer are the weights that stay? The mask as a picture, one pixel a weight (or a few)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.results.charts.base import Chart, amount, percent, plain
from pruning.results.charts.palette import KEPT, REMOVED
from pruning.results.charts.sketch import Sketch

LARGEST = 512
MOST_CELLS = 65_536
"""Above this the table holds one density a row: nobody opens a CSV of 262,144 pixels."""


def mask_image(mask: np.ndarray, layer: str, shape: tuple[int, ...], sampled: bool) -> Chart:
    """The mask of one layer.

    Args:
        mask: uint8 (rows, columns), at most 512 x 512: share kept of each pixel, 0..255. Rows are outputs, columns
            inputs times kernel positions.
        layer: its name.
        shape: of the weight tensor: (outputs, inputs, kernel height, kernel width), or (outputs, inputs).
        sampled: a pixel stands for several weights.

    Raises:
        BadValue: when the array is no uint8 picture of at most 512 x 512.
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype != np.uint8 or not mask.size or max(mask.shape) > LARGEST:
        raise BadValue(f"A mask picture is uint8 and at most {LARGEST} x {LARGEST}, not {mask.dtype} {mask.shape}.")
    rows, columns = mask.shape
    outputs, inputs = shape[0], int(np.prod(shape[1:], dtype=np.int64))
    kept = float(mask.mean(dtype=np.float64)) / 255

    def draw(theme: str) -> Sketch:
        kept_colour, gone = KEPT.colour(theme), REMOVED.colour(theme)
        figure = Sketch()
        # Pixels stand at the numbers of the weights they show, so that the axes count channels, sampled or not.
        step_y, step_x = outputs / rows, inputs / columns
        figure.add_heatmap(
            z=mask,
            zmin=0,
            zmax=255,
            colorscale=[[0, gone], [1, kept_colour]]
            if sampled
            else [[0, gone], [0.5, gone], [0.5, kept_colour], [1, kept_colour]],
            y0=(step_y - 1) / 2,
            dy=step_y,
            x0=(step_x - 1) / 2,
            dx=step_x,
            colorbar={
                "tickvals": [0, 255] if sampled else [64, 191],
                "ticktext": ["removed", "kept"],
                "thickness": 14,
            },
            hovertemplate="output %{y:.0f}, column %{x:.0f}<br>"
            + ("kept: %{z} of 255" if sampled else "%{z} (255 kept, 0 removed)")
            + "<extra></extra>",
        )
        figure.update_layout(
            height=int(np.clip(620 * outputs / max(inputs, 1), 220, 480)) + 60,
            margin={"t": 10},
            xaxis={"range": [-0.5, inputs - 0.5], "showgrid": False, "title": {"text": _columns_words(shape)}},
            yaxis={"range": [outputs - 0.5, -0.5], "showgrid": False, "title": {"text": "output"}, "tickformat": "d"},
        )
        return figure

    about = "about " if sampled else ""
    title = f"{layer} keeps {about}{percent(kept)} of its {amount(outputs * inputs)} weights"
    empty_rows, empty_columns = int((mask == 0).all(axis=1).sum()), int((mask == 0).all(axis=0).sum())
    empty = [
        f"{count} of {all_} {word}"
        for count, all_, word in ((empty_rows, rows, "rows"), (empty_columns, columns, "columns"))
        if count
    ]
    if not sampled and kept > 0 and empty:
        title += f"; {' and '.join(empty)} are empty"
    return Chart(
        name=f"mask-{layer}",
        title=title,
        alt=f"Picture of the mask of {layer}: {outputs} outputs by {inputs} inputs times kernel positions"
        f"{', several weights a pixel' if sampled else ''}. {title}.",
        table=_table(mask),
        draw=draw,
    )


def _columns_words(shape: tuple[int, ...]) -> str:
    if len(shape) <= 2:
        return "input"
    return plain(f"input x kernel position ({shape[1]} x {' x '.join(map(str, shape[2:]))})")


def _table(mask: np.ndarray) -> pd.DataFrame:
    """Every pixel when that is few, else the density of each row of pixels."""
    rows, columns = mask.shape
    if mask.size <= MOST_CELLS:
        return pd.DataFrame(
            {
                "row": np.repeat(np.arange(rows), columns),
                "column": np.tile(np.arange(columns), rows),
                "kept_percent": np.round(mask.ravel() / 2.55, 2),
            }
        )
    density = mask.mean(axis=1, dtype=np.float64) / 2.55
    return pd.DataFrame({"row": np.arange(rows), "kept_percent": np.round(density, 4)})
