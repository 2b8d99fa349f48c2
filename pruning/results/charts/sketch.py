"""A figure while it is being drawn: plotly's own plain form, without a check of every property.

Plotly checks each property when it is set, which takes most of a slider's time. A sketch collects the same words as a
dictionary; ``Chart.figure`` makes the checked figure of it, for files, reports and tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

KINDS = ("scatter", "scattergl", "bar", "heatmap")
"""Traces that charts use: ``add_scatter(...)`` and so on."""
WHOLE = ("error_x", "error_y")
"""Properties whose own names have an underscore."""


class Sketch:
    """The part of ``go.Figure`` that charts use.

    Attributes:
        data: the traces, as plotly names their properties.
        layout: the layout, likewise.
    """

    def __init__(self) -> None:
        self.data: list[dict[str, Any]] = []
        self.layout: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        """``add_KIND`` for the known kinds of traces."""
        kind = name.removeprefix("add_")
        if kind == name or kind not in KINDS:
            raise AttributeError(f"A sketch has no {name}; its traces are {', '.join(KINDS)}.")
        return partial(self._trace, kind)

    def _trace(self, kind: str, **properties: Any) -> None:
        self.data.append({"type": kind} | _told(properties))

    def add_annotation(self, **properties: Any) -> None:
        """Words at a place."""
        self._part("annotations", properties)

    def add_shape(self, **properties: Any) -> None:
        """A line or a rectangle."""
        self._part("shapes", properties)

    def add_layout_image(self, **properties: Any) -> None:
        """A picture."""
        self._part("images", properties)

    def add_vline(self, x: float, xref: str = "x", **properties: Any) -> None:
        """A line across the whole height of the plot, or of the panel whose axis is named."""
        yref = f"{xref.replace('x', 'y')} domain"
        self.add_shape(type="line", x0=x, x1=x, xref=xref, y0=0, y1=1, yref=yref, **properties)

    def add_hline(self, y: float, yref: str = "y", **properties: Any) -> None:
        """A line across the whole width of the plot, or of the panel whose axis is named."""
        xref = f"{yref.replace('y', 'x')} domain"
        self.add_shape(type="line", x0=0, x1=1, xref=xref, y0=y, y1=y, yref=yref, **properties)

    def update_layout(self, **properties: Any) -> Sketch:
        """Set properties of the layout; those of one part are added to what it has."""
        _merge(self.layout, _told(properties))
        return self

    def _part(self, name: str, properties: dict[str, Any]) -> None:
        self.layout.setdefault(name, []).append(_told(properties))


def _told(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is None: plotly's word for its default. (Lists of data keep theirs: a gap.)

    Raises:
        AttributeError: for plotly's short form of a part ("line_color"), which the screen would pass over in silence.
    """
    if short := [name for name in properties if "_" in name and name not in WHOLE]:
        raise AttributeError(f"A sketch has no {short[0]}: write {short[0].replace('_', '={', 1)}: ...}}.")
    return {
        name: _told(value) if isinstance(value, Mapping) else value
        for name, value in properties.items()
        if value is not None
    }


def _merge(old: dict[str, Any], new: Mapping[str, Any]) -> None:
    for name, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(name), dict):
            _merge(old[name], value)
        else:
            old[name] = value
