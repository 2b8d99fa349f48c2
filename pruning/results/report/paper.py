"""How a chart is printed: column, height, title, legend, letters, dots an inch; and what grey print shows alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from pruning.common.errors import BadValue

Width = Literal[85, 170]
Legend = Literal["below", "inside"]
Font = Literal["sans", "serif"]

WIDTHS: tuple[Width, ...] = (85, 170)
FONTS: dict[Font, str] = {
    "sans": "Arial, Helvetica, 'Liberation Sans', sans-serif",
    "serif": "'Times New Roman', Times, 'Liberation Serif', serif",
}
"""Found, or replaced by letters of the same widths, wherever the file is opened."""
POINTS: dict[int, float] = {85: 7.5, 170: 8.0}
"""Size of letters that a column asks for."""
LOWEST_MM, TALLEST_MM = 30.0, 230.0
SHAPE = 0.62
"""Height of a plot over its width where no rows ask for more: the golden section."""
ENTRY = 1.9
"""Height of a legend's line over that of its letters, as plotly draws it."""
ALIKE = 12.0
"""Steps of lightness (CIE L*, 0 to 100) by which two greys must differ to be told apart in print."""


@dataclass(frozen=True)
class Paper:
    """What a person wants of a printed chart.

    Attributes:
        width_mm: 85 (one column) or 170 (two).
        height_mm: 30 to 230; None: what the chart needs.
        title: whether the finding stands above; papers have it in their captions.
        legend: under the plot, or in its emptiest corner.
        font: family of letters.
        points: size of letters, 5 to 14 pt; None: what the width asks for.
        dpi: dots an inch of PNG, 72 to 1200.

    Raises:
        BadValue: any of them is outside its range.
    """

    width_mm: Width = 85
    height_mm: float | None = None
    title: bool = True
    legend: Legend = "below"
    font: Font = "sans"
    points: float | None = None
    dpi: int = 300

    def __post_init__(self) -> None:
        if self.width_mm not in WIDTHS:
            raise BadValue(f"A picture is 85 or 170 mm wide, not {self.width_mm}.")
        if self.height_mm is not None and not LOWEST_MM <= self.height_mm <= TALLEST_MM:
            raise BadValue(f"A picture is {LOWEST_MM:g} to {TALLEST_MM:g} mm high, not {self.height_mm:g}.")
        if self.legend not in ("below", "inside"):
            raise BadValue(f"A legend stands 'below' or 'inside', not '{self.legend}'.")
        if self.font not in FONTS:
            raise BadValue(f"The font is {' or '.join(map(repr, FONTS))}, not '{self.font}'.")
        if self.points is not None and not 5 <= self.points <= 14:
            raise BadValue(f"Letters have 5 to 14 pt, not {self.points:g}.")
        if not 72 <= self.dpi <= 1200:
            raise BadValue(f"A PNG has 72 to 1200 dots an inch, not {self.dpi}.")

    @property
    def letters(self) -> float:
        """Size of letters in pt."""
        return POINTS[self.width_mm] if self.points is None else self.points


def listed(figure: go.Figure) -> list[Any]:
    """The traces that the legend names."""
    if figure.layout.showlegend is False or (figure.layout.showlegend is None and len(figure.data) < 2):
        return []
    return [trace for trace in figure.data if trace.name and trace.showlegend is not False and trace.type != "heatmap"]


def has_rows(figure: go.Figure) -> bool:
    """Whether a chart is as high as its rows need: categories from the top down, or several plots."""
    axis = figure.layout.yaxis
    turned = axis.range is not None and axis.range[0] > axis.range[1]
    return bool(turned or "yaxis2" in figure.layout.to_plotly_json() or any(t.type == "heatmap" for t in figure.data))


def legend_room(figure: go.Figure, width: float, letters: float) -> float:
    """Height of a legend under the plot, in px: entries stand one a line, or side by side in columns of one width."""
    words = [0.52 * letters * len(trace.name) + 5 * letters for trace in listed(figure)]
    if not words:
        return 0.0
    columns = max(1, int(0.85 * width / max(words))) if figure.layout.legend.orientation == "h" else 1
    return -(-len(words) // columns) * ENTRY * letters


def empty_corner(figure: go.Figure) -> dict[str, Any]:
    """The legend's place in the corner of the plot that the fewest points lie in."""
    places = {(x, y): 0 for x in (0, 1) for y in (0, 1)}
    for trace in figure.data:
        if trace.type != "scatter" or trace.x is None or trace.y is None or len(trace.x) < 2:
            continue
        x, y = _share(trace.x, figure.layout.xaxis), _share(trace.y, figure.layout.yaxis)
        if x is None or y is None or len(x) != len(y):
            continue
        # Lines lie between their points, too.
        at = np.linspace(0, len(x) - 1, 8 * len(x))
        x, y = (np.interp(at, np.arange(len(v)), v) for v in (x, y))
        for (right, top), count in places.items():
            inside = (np.abs(x - right) < 0.5) & (np.abs(y - top) < 0.4)
            places[right, top] = count + int(inside.sum())
    right, top = min(places, key=lambda corner: places[corner])
    return {
        "orientation": "v",
        "xref": "paper",
        "yref": "paper",
        "x": 0.98 if right else 0.02,
        "xanchor": "right" if right else "left",
        "y": 0.98 if top else 0.02,
        "yanchor": "top" if top else "bottom",
        "bgcolor": "rgba(255,255,255,0.85)",
    }


def _share(values: Any, axis: Any) -> np.ndarray | None:
    """Where numbers lie on an axis, as shares of its length; None where they are none."""
    try:
        at = np.asarray([np.nan if value is None else value for value in values], dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if axis.type == "log":
        at = np.log10(np.where(at > 0, at, np.nan))
    at = at[np.isfinite(at)]
    low, high = axis.range if axis.range is not None else (at.min(initial=0), at.max(initial=1))
    return (at - low) / (high - low) if high != low and len(at) else None


def lightness(colour: str) -> float | None:
    """CIE L* (0 black, 100 white) of a colour #RRGGBB; None for what is none.

    >>> round(lightness("#FFFFFF")), round(lightness("#777777")), lightness("red")
    (100, 50, None)
    """
    if len(colour) != 7 or colour[0] != "#":
        return None
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * (y ** (1 / 3) if y > 0.008856 else 7.787 * y + 16 / 116) - 16


def alike_in_grey(figure: go.Figure) -> list[tuple[str, str]]:
    """Pairs of the legend's entries that a print without colours shows alike: of nearly the same lightness, with the
    same dash and symbol, or bars with the same pattern."""
    looks = [(trace.name, *_look(trace)) for trace in listed(figure)]
    return [
        (one, other)
        for at, (one, light, shape) in enumerate(looks)
        for other, second, form in looks[at + 1 :]
        if light is not None and second is not None and abs(light - second) < ALIKE and shape == form
    ]


def _look(trace: Any) -> tuple[float | None, tuple[Any, ...]]:
    """Lightness and shape of a trace."""
    spec = trace.to_plotly_json()
    marker, line = spec.get("marker", {}), spec.get("line", {})
    colour = line.get("color") or marker.get("color")
    symbol = marker.get("symbol", "circle") if "markers" in str(spec.get("mode", "")) else None
    shape = (spec.get("type"), line.get("dash", "solid"), symbol, marker.get("pattern", {}).get("shape"))
    return (lightness(colour) if isinstance(colour, str) else None), shape
