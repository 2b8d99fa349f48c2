"""Charts at paper size: column widths of journals, letters that can be read in print, white paper."""

from __future__ import annotations

import copy
import dataclasses
import io
from typing import Any

import plotly.graph_objects as go

from pruning.common.errors import BadValue
from pruning.results.charts.base import Chart, title_layout
from pruning.results.charts.palette import FONT_SIZE, template
from pruning.results.report.browser import Format, browser
from pruning.results.report.paper import FONTS, SHAPE, TALLEST_MM, Paper, Width, empty_corner, has_rows
from pruning.results.report.paper import legend_room as room_of_legend

PX_PER_MM = 96 / 25.4
FORMATS: tuple[Format, ...] = ("svg", "png", "pdf")
HEADING = 1.15
"""Size of the title's letters over that of the others."""
WITHIN_FONTS = str.maketrans("▾◂", "▼◄")
"""Signs that the fonts of print lack, by those that they have: another would come from a font that a PDF cannot hold as
letters (Type 3), which publishers refuse."""


def render(
    figure: go.Figure | Chart, fmt: Format, width_mm: Width, height_mm: float | None = None, paper: Paper | None = None
) -> bytes:
    """A chart as a file's bytes.

    Args:
        figure: a chart, or a figure made by ``Chart.figure("light")``.
        fmt: "svg", "png" (which says its dots an inch) or "pdf" (with the finding as its title).
        width_mm: 85 (one column) or 170 (two).
        height_mm: None for what the chart needs.
        paper: what else is wanted of the print.

    Raises:
        BadValue: for another format or width.
        Missing: when no Chrome or Chromium is on this machine.
    """
    if fmt not in FORMATS:
        raise BadValue(f"A picture is {', '.join(FORMATS)}, not '{fmt}'.")
    paper = dataclasses.replace(paper or Paper(), width_mm=width_mm, height_mm=height_mm)
    printed = for_print(figure, width_mm, height_mm, paper)
    layout = printed["layout"]
    drawn = browser.draw(printed, fmt, layout["width"], layout["height"], paper.dpi / 96 if fmt == "png" else 1.0)
    title = str(layout["meta"]["title"])
    return _png(drawn, title, paper.dpi) if fmt == "png" else _pdf(drawn, title) if fmt == "pdf" else drawn


def _png(content: bytes, title: str, dpi: int) -> bytes:
    """The same pixels, with how many of them are an inch and what they show."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    said, out = PngInfo(), io.BytesIO()
    said.add_itxt("Title", title)
    Image.open(io.BytesIO(content)).save(out, "png", dpi=(dpi, dpi), pnginfo=said)
    return out.getvalue()


def _pdf(content: bytes, title: str) -> bytes:
    """The same page with the chart's title in place of the drawing tool's name."""
    from pypdf import PdfWriter

    writer, out = PdfWriter(clone_from=io.BytesIO(content)), io.BytesIO()
    writer.metadata = {"/Title": title, "/Creator": "pruning"}
    writer.write(out)
    return out.getvalue()


def for_print(
    figure: go.Figure | Chart, width_mm: Width, height_mm: float | None = None, paper: Paper | None = None
) -> dict[str, Any]:
    """The figure as a dictionary, sized for paper: sizes in px of 1/96 inch, everything scaled with the letters.

    Raises:
        BadValue: for a width that is not 85 or 170, or a height that leaves no room.
    """
    paper = dataclasses.replace(paper or Paper(), width_mm=width_mm, height_mm=height_mm)
    printed = go.Figure(figure.figure("light") if isinstance(figure, Chart) else figure)
    letters = paper.letters * 96 / 72
    heading, ratio, width = HEADING * letters, letters / FONT_SIZE, width_mm * PX_PER_MM
    layout = printed.layout
    if not layout.meta or "title" not in layout.meta:  # not made by Chart.figure
        layout.meta = {"title": layout.title.text or "", "top": layout.margin.t or 10, "height": layout.height or 360}
    meta: dict[str, Any] = dict(layout.meta)
    above = title_layout(meta, width, heading, ratio)
    if not paper.title:
        above = {"title": {"text": ""}, "margin": {"t": meta["top"] * ratio + 4}}
        above["height"] = meta["height"] * ratio
    printed.update_layout(above)
    below = room_of_legend(printed, width, letters)
    if paper.legend == "inside" and below:
        printed.update_layout(legend=empty_corner(printed))
        layout.margin.b = 10
        layout.height, below = layout.height - below, 0.0
    layout.width = width
    if height_mm is None:
        top = above["margin"]["t"] - meta["top"] * ratio
        most = TALLEST_MM * PX_PER_MM if has_rows(printed) else SHAPE * width + top + below
        layout.height = min(layout.height, most)
    else:
        layout.height = height_mm * PX_PER_MM
    layout.template = template("light", letters, heading, FONTS[paper.font])
    layout.paper_bgcolor = layout.plot_bgcolor = "#FFFFFF"
    for side in ("l", "r", "b"):
        layout.margin[side] = (layout.margin[side] or 10) * ratio
    for note in layout.annotations:
        note.text = str(note.text or "").translate(WITHIN_FONTS)
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
