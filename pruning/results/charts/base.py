"""What every chart is: a name, a title that says the finding, words for screen readers, tidy data and a drawing."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from pruning.common.errors import BadValue
from pruning.results.charts.palette import TITLE_SIZE, template_spec
from pruning.results.charts.room import room
from pruning.results.charts.sketch import Sketch
from pruning.results.charts.titles import title_lines
from pruning.results.csv_files import csv_bytes

NBSP = "\u00a0"  # keeps a number and its unit on one line
LINE = 1.3  # line height in font sizes
SCREEN_WIDTH = 640  # px

BELOW: dict[str, Any] = {"x": 0, "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom"}
"""A legend under the plot, one entry a line."""
ROW: dict[str, Any] = {"orientation": "h", **BELOW}
"""A legend under the plot, entries side by side."""


@dataclass(frozen=True)
class Chart:
    """One chart, independent of any page.

    Args:
        name: a file name without suffix ("layer-map").
        title: the finding in one sentence, made from the numbers.
        alt: what a person who cannot see the picture should hear.
        table: tidy data, with the unit in each column's name: what the CSV export gives.
        draw: draws it without its title for "light" or "dark". ``layout.height`` and ``layout.margin.t`` (px) say
            what the drawing itself needs; the title's lines are added to them.
    """

    name: str
    title: str
    alt: str
    table: pd.DataFrame
    draw: Callable[[str], Sketch]

    def figure(self, theme: str = "light", width: int = SCREEN_WIDTH) -> go.Figure:
        """The figure with template and title; plotly has checked each property.

        Args:
            theme: "light" or "dark".
            width: px that the figure will have on the page: decides where the title breaks.

        Raises:
            BadValue: for another theme.
        """
        return go.Figure(self.spec(theme, width))

    def spec(self, theme: str = "light", width: int = SCREEN_WIDTH) -> dict[str, Any]:
        """The same in plotly's plain form, unchecked: for the screen, where a slider waits for it.

        Raises:
            BadValue: for another theme.
        """
        if theme not in ("light", "dark"):
            raise BadValue(f"The theme is 'light' or 'dark', not '{theme}'.")
        drawn = self.draw(theme)
        top, height = drawn.layout.get("margin", {}).get("t", 10), drawn.layout.get("height", 360)
        # The print exporter breaks the title anew for its paper width, so it needs the parts.
        meta = {"name": self.name, "title": self.title, "top": top, "height": height}
        drawn.update_layout(margin=room(drawn.data, drawn.layout))
        drawn.update_layout(meta=meta, **title_layout(meta, width, TITLE_SIZE))
        return {"data": drawn.data, "layout": drawn.layout | {"template": template_spec(theme)}}

    def csv(self) -> bytes:
        """The table as CSV."""
        return csv_bytes(self.table)


def title_layout(meta: Mapping[str, Any], width: float, size: float, scale: float = 1.0) -> dict[str, Any]:
    """The layout of a title, broken into lines that fit ``width`` px at ``size`` px, with room for it above.

    Args:
        meta: title, top and height, as ``Chart.spec`` writes them.
        scale: factor on the drawing's own top margin and height (print has smaller letters).
    """
    lines = title_lines(meta["title"], width, size)
    room = len(lines) * LINE * size + 6
    # plotly sets one line by its top, and several by the first one's baseline.
    pad = {"l": 6, "t": 6 if len(lines) == 1 else 6 + 0.72 * size}
    return {
        "title": {"pad": pad, "text": "<br>".join(plain(line) for line in lines)},
        "margin": {"t": meta["top"] * scale + room},
        "height": meta["height"] * scale + room,
    }


def config(name: str) -> dict[str, Any]:
    """The plotly configuration for ``st.plotly_chart``: a small mode bar whose camera saves an SVG called ``name``."""
    return {
        "displaylogo": False,
        "displayModeBar": "hover",
        "scrollZoom": False,
        "modeBarButtonsToRemove": [
            "zoom2d",
            "pan2d",
            "zoomIn2d",
            "zoomOut2d",
            "autoScale2d",
            "select2d",
            "lasso2d",
        ],
        "toImageButtonOptions": {"format": "svg", "filename": name, "scale": 1},
    }


def need(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Check that a table has its columns.

    Raises:
        BadValue: naming those that are missing.
    """
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise BadValue(f"The {what} table lacks {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}.")


def plain(text: str) -> str:
    """Text that plotly shows as it is (layer names of an uploaded model may hold anything)."""
    return html.escape(str(text), quote=False)


def short(name: str, most: int = 20) -> str:
    """A long layer name with its middle left out: both ends tell layers apart."""
    if len(name) <= most:
        return name
    head = (most - 1) // 2
    return f"{name[:head]}…{name[-(most - 1 - head) :]}"


def labels(names: Sequence[str], most: int = 20, selected: str | None = None) -> list[str]:
    """Tick labels for layers: what all long names share is left out at both ends, the selected one is bold."""
    parts = [name.split(".") for name in names]
    for end in (0, -1):
        while (
            len(parts) > 1
            and max(len(".".join(part)) for part in parts) > most
            and min(map(len, parts)) > 1
            and len({part[end] for part in parts}) == 1
        ):
            parts = [part[1:] if end == 0 else part[:-1] for part in parts]
    said = [plain(short(".".join(part), most)) for part in parts]
    return [f"<b>{label}</b>" if name == selected else label for name, label in zip(names, said, strict=True)]


def percent(share: float, digits: int = 1) -> str:
    """A share (0..1) in words: 0.8 -> "80 %"; what is not quite none or all never reads as 0 % or 100 %.

    >>> [percent(share) for share in (0.8, 0.9996, 1.0)]
    ['80\xa0%', '>99.9\xa0%', '100\xa0%']
    """
    step = 10.0**-digits
    value = 100.0 * share
    if 0 < value < step / 2:
        return f"<{step:g}{NBSP}%"
    if 100 - step / 2 <= value < 100:
        return f">{100 - step:g}{NBSP}%"
    text = f"{value:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{NBSP}%"


def amount(count: float) -> str:
    """A count with thousands apart: 36864 -> "36,864"."""
    return f"{int(count):,}"


def whiskers(
    middle: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str, thickness: float = 1.5, width: float = 4
) -> dict[str, Any]:
    """Error bars of a trace, from ``low`` to ``high``: 95 % intervals, or quartiles.

    Args:
        middle, low, high: ``(points,)``, where the axis has them (in per cent where it is in per cent).
        colour: of the bars.
        thickness, width: px of the line and of its ends.
    """
    middle, low, high = (np.asarray(values, dtype=np.float64) for values in (middle, low, high))
    return {
        "type": "data",
        "symmetric": False,
        "array": (high - middle).tolist(),
        "arrayminus": (middle - low).tolist(),
        "color": colour,
        "thickness": thickness,
        "width": width,
    }
