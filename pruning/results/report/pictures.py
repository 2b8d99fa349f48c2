"""Charts at paper size: column widths of journals, letters that can be read in print, white paper."""

from __future__ import annotations

import copy
from typing import Any, Literal

import plotly.graph_objects as go

from pruning.common.errors import BadValue
from pruning.results.charts.base import Chart, title_layout
from pruning.results.charts.palette import FONT_SIZE, template
from pruning.results.report.browser import Format, browser

Width = Literal[85, 170]

PX_PER_MM = 96 / 25.4
FORMATS: tuple[Format, ...] = ("svg", "png", "pdf")
WIDTHS: tuple[Width, ...] = (85, 170)
PNG_DPI = 300
FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
"""Found, or replaced by letters of the same widths, wherever the file is opened."""
FONT_PT: dict[int, float] = {85: 7.5, 170: 8.0}
TITLE_PT: dict[int, float] = {85: 8.5, 170: 9.5}
TALLEST_MM = 230.0


def render(figure: go.Figure | Chart, fmt: Format, width_mm: Width, height_mm: float | None = None) -> bytes:
    """A chart as a file's bytes.

    Args:
        figure: a chart, or a figure made by ``Chart.figure("light")``.
        fmt: "svg", "png" (300 dpi) or "pdf".
        width_mm: 85 (one column) or 170 (two).
        height_mm: None for what the chart's rows need.

    Raises:
        BadValue: for another format or width.
        Missing: when no Chrome or Chromium is on this machine.
    """
    if fmt not in FORMATS:
        raise BadValue(f"A picture is {', '.join(FORMATS)}, not '{fmt}'.")
    printed = for_print(figure, width_mm, height_mm)
    layout = printed["layout"]
    scale = PNG_DPI / 96 if fmt == "png" else 1.0
    return browser.draw(printed, fmt, layout["width"], layout["height"], scale)


def for_print(figure: go.Figure | Chart, width_mm: Width, height_mm: float | None = None) -> dict[str, Any]:
    """The figure as a dictionary, sized for paper: sizes in px of 1/96 inch, everything scaled with the letters.

    Raises:
        BadValue: for a width that is not 85 or 170, or a height that leaves no room.
    """
    if width_mm not in WIDTHS:
        raise BadValue(f"A picture is 85 or 170 mm wide, not {width_mm}.")
    if height_mm is not None and not 30 <= height_mm <= TALLEST_MM:
        raise BadValue(f"A picture is 30 to {TALLEST_MM:g} mm high, not {height_mm:g}.")
    printed = go.Figure(figure.figure("light") if isinstance(figure, Chart) else figure)
    letters, heading = FONT_PT[width_mm] * 96 / 72, TITLE_PT[width_mm] * 96 / 72
    ratio, width = letters / FONT_SIZE, width_mm * PX_PER_MM
    layout = printed.layout
    if not layout.meta or "title" not in layout.meta:  # not made by Chart.figure
        layout.meta = {"title": layout.title.text or "", "top": layout.margin.t or 10, "height": layout.height or 360}
    printed.update_layout(title_layout(layout.meta, width, heading, ratio))
    layout.width = width
    layout.height = height_mm * PX_PER_MM if height_mm else min(layout.height, TALLEST_MM * PX_PER_MM)
    layout.template = template("light", letters, heading, FONT)
    layout.paper_bgcolor = layout.plot_bgcolor = "#FFFFFF"
    for side in ("l", "r", "b"):
        layout.margin[side] = (layout.margin[side] or 10) * ratio
    spec = copy.deepcopy(printed.to_dict())
    for trace in spec.get("data", []):
        _shrink(trace, ratio)
    for part in ("shapes", "annotations", "legend"):
        _shrink(spec["layout"].get(part), ratio)
    return spec


_WIDTH_PARENTS = ("line", "error_y", "error_x")


def _shrink(part: Any, ratio: float, parent: str = "") -> None:
    """Scale line widths, markers and shifts in place; positions and bar widths are data and stay."""
    if isinstance(part, (list, tuple)):
        for item in part:
            _shrink(item, ratio, parent)
        return
    if not isinstance(part, dict):
        return
    for key, value in part.items():
        sized = (key == "width" and parent in _WIDTH_PARENTS) or (key == "size" and parent in ("marker", "font"))
        if sized or key in ("thickness", "xshift", "yshift", "borderpad"):
            if isinstance(value, (int, float)):
                part[key] = value * ratio
            elif isinstance(value, (list, tuple)):
                part[key] = [item * ratio for item in value]
        else:
            _shrink(value, ratio, key)
