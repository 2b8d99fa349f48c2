"""Which pictures changed their answer? A few images with the class before and after pruning."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.results.charts.base import Chart, need, percent, plain, short
from pruning.results.charts.marks import blank
from pruning.results.charts.sketch import Sketch

MOST = 12
COLUMNS = 4
PICTURE, ROW = 96, 190
"""px: a picture, and a row of pictures with their captions."""
RIGHT, WRONG = "✓", "✗"


def flips(images: np.ndarray, table: pd.DataFrame, columns: int = COLUMNS) -> Chart:
    """Small multiples with captions: the true class, then the answer before and after.

    Args:
        images: uint8 (n, H, W) or (n, H, W, 3); the first 12 are shown.
        table: a row an image: ``position`` (in the data set), ``label``, ``before``, ``after`` (class names),
            ``before_confidence`` and ``after_confidence`` (0..1).
        columns: pictures in a row; 4 fit 85 mm and half a page.

    Raises:
        BadValue: when images and rows do not fit together.
    """
    need(table, ("position", "label", "before", "before_confidence", "after", "after_confidence"), "flips")
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise BadValue(f"Images are uint8 (n, H, W) or (n, H, W, 3), not {images.dtype} {images.shape}.")
    if len(images) != len(table):
        raise BadValue(f"{len(images)} images do not fit {len(table)} rows.")
    rows = table.head(MOST).to_dict("records")
    shown = images[:MOST]
    across = max(1, min(columns, len(rows)))
    down = max(1, -(-len(rows) // across))

    def draw(theme: str) -> Sketch:
        figure = Sketch()
        blank(figure)
        # Across, the unit is one cell; down, it is one px, as four lines of caption need the same room at any width.
        for at, (image, row) in enumerate(zip(shown, rows, strict=True)):
            x, y = at % across + 0.5, ROW * (at // across)
            figure.add_layout_image(
                source=_png(image),
                xref="x",
                yref="y",
                x=x,
                y=y + PICTURE / 2,
                sizex=0.9,
                sizey=PICTURE,
                xanchor="center",
                yanchor="middle",
                sizing="contain",
                name=str(row["position"]),
            )
            figure.add_annotation(
                x=x,
                y=y + PICTURE,
                yanchor="top",
                showarrow=False,
                align="center",
                text=_caption(row),
                name="caption",
            )
        hidden = {"visible": False, "fixedrange": True}
        figure.update_layout(
            height=ROW * down + 16 if rows else 60,
            margin={"t": 8, "l": 4, "r": 4, "b": 8},
            xaxis={**hidden, "range": [0, across]},
            yaxis={**hidden, "range": [ROW * down, 0]},
        )
        return figure

    title = _title(table)
    return Chart(
        name="flips",
        title=title,
        alt=f"{len(rows)} images whose predicted class changed. {title}. "
        + "; ".join(f"{row['label']}: {row['before']} became {row['after']}" for row in rows),
        table=pd.DataFrame(
            {
                "position": table["position"].to_numpy(),
                "label": table["label"].to_numpy(),
                "before": table["before"].to_numpy(),
                "before_confidence_percent": np.round(100 * table["before_confidence"].to_numpy(np.float64), 2),
                "after": table["after"].to_numpy(),
                "after_confidence_percent": np.round(100 * table["after_confidence"].to_numpy(np.float64), 2),
            }
        ),
        draw=draw,
    )


def _caption(row: Mapping[Any, Any]) -> str:
    """Truth in bold, both answers with a sign for right and wrong, and how sure the network was."""

    def answer(name: object) -> str:
        return f"{RIGHT if name == row['label'] else WRONG} {plain(short(str(name), 12))}"

    sure = f"{percent(float(row['before_confidence']), 0)} → {percent(float(row['after_confidence']), 0)}"
    return "<br>".join(
        [f"<b>{plain(short(str(row['label']), 14))}</b>", answer(row["before"]), f"→ {answer(row['after'])}", sure]
    )


def _title(table: pd.DataFrame) -> str:
    """How many answers were lost and gained among the images given."""
    table = table[table["before"] != table["after"]]
    if table.empty:
        return "No image changed its class"
    right, now = table["before"] == table["label"], table["after"] == table["label"]
    lost, gained = int((right & ~now).sum()), int((~right & now).sum())
    said = [f"{lost} lost ({RIGHT} to {WRONG})"] * bool(lost) + [f"{gained} gained ({WRONG} to {RIGHT})"] * bool(gained)
    other = len(table) - lost - gained
    said += [f"{other} wrong in another way"] * bool(other)
    many = f"These {len(table)} images" if len(table) > 1 else "This image"
    return f"{many} changed class: {', '.join(said)}"


def _png(image: np.ndarray) -> str:
    """A uint8 (H, W) or (H, W, 3) image as a PNG data address: far fewer bytes than numbers in JSON.

    Small images are enlarged by whole pixels, or browsers blur them.
    """
    times = max(1, 4 * PICTURE // max(image.shape[:2]))
    image = image.repeat(times, axis=0).repeat(times, axis=1)
    height, width = image.shape[:2]
    lines = np.ascontiguousarray(image).reshape(height, -1)
    raw = np.concatenate([np.zeros((height, 1), np.uint8), lines], axis=1).tobytes()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2 if image.ndim == 3 else 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(data).decode()
