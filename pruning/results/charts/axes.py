"""The sparsity axis, and the cursor on it that is the page's slider."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from pruning.common.errors import BadValue
from pruning.common.levels import LEVELS, to_percent
from pruning.results.charts.levels import check_level, level_percent
from pruning.results.charts.palette import INK
from pruning.results.charts.sketch import Sketch

Axis = Literal["sparsity", "remaining"]
"""Linear, 0 to 100 % removed; or logarithmic, 100 % down to 0.1 % remaining, as in the lottery-ticket papers."""
LINEAR: Axis = "sparsity"
CHOICES: dict[Axis, str] = {LINEAR: "sparsity, linear", "remaining": "what remains, log"}
"""The axes, as a person chooses among them."""

_TICKS = (100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1)
UNIT = "prunable weights"
"""What is removed where it is exactly as much as was asked for."""
CURSOR_ROOM = 26
"""px above the plot for the cursor's label."""
ROOM = 0.85
"""Share of the axis from which on there is no room on the right of the cursor."""


def linear(axis: str) -> bool:
    """Whether an axis is the linear one.

    Raises:
        BadValue: for what is no axis.
    """
    if axis not in CHOICES:
        raise BadValue(f"The axis is {' or '.join(map(repr, CHOICES))}, not '{axis}'.")
    return axis == LINEAR


def positions(levels: Any, axis: Axis) -> np.ndarray:
    """Levels (per mille) as places on the axis, in per cent; level 1000 has none on the logarithmic axis: NaN."""
    levels = np.asarray(levels, dtype=np.float64)
    if linear(axis):
        return to_percent(levels)
    return np.where(levels < LEVELS, to_percent(LEVELS - levels), np.nan)


def layout(axis: Axis, unit: str = UNIT) -> dict[str, Any]:
    """Plotly layout of the axis: a fixed range, denser to sparser from left to right in both forms.

    Args:
        unit: what the levels are shares of. Levels of anything but prunable weights say what was asked for: half of
            the channels takes three quarters of the weights with it.
    """
    whole = unit == UNIT
    if linear(axis):
        title = f"sparsity (% of {unit} removed)" if whole else f"sparsity asked for (% of {unit})"
        return {"range": [0, 100], "dtick": 20, "title": {"text": title}}
    return {
        "type": "log",
        "range": [2, -1],
        "tickvals": list(_TICKS),
        "ticktext": [f"{tick:g}" for tick in _TICKS],
        "title": {"text": "weights remaining (%, logarithmic)" if whole else f"{unit} to remain (%, logarithmic)"},
    }


def cursor_words(level: int, axis: Axis) -> str:
    """What the cursor says beside itself, with an arrow on the line: "▾ 80 %", near the right end "20 % left ▾"."""
    straight = linear(axis)
    words = level_percent(level) if straight else f"{level_percent(LEVELS - level)} left"
    return f"▾ {words}" if _share(level, axis) < ROOM else f"{words} ▾"


def _place(level: int, axis: Axis) -> float:
    """A level on the axis, in per cent; none remaining, which has no logarithm, stands at its end."""
    return 0.1 if level == LEVELS and not linear(axis) else float(positions(level, axis))


def _share(level: int, axis: Axis) -> float:
    """Where on the axis a level is, from 0 on the left to 1 on the right."""
    place = _place(level, axis)
    return place / 100 if linear(axis) else (2 - float(np.log10(place))) / 3


def cursor(figure: Sketch, level: int, axis: Axis, theme: str, halo: bool = False) -> None:
    """Draw the slider's place as a vertical line with its value above the plot.

    Args:
        halo: put a light line under the dark one, for a cursor over a picture of any colour.
    """
    straight, at = linear(axis), _place(check_level(level), axis)
    ink = INK[theme]
    # Over a picture the line must show on dark blue and on yellow, whatever the theme.
    for colour, width in [("#FFFFFF", 4), ("#000000", 1.5)] if halo else [(ink, 1.5)]:
        figure.add_shape(
            type="line", x0=at, x1=at, y0=0, y1=1, yref="paper", line={"color": colour, "width": width}, name="cursor"
        )
    place = at if straight else float(np.log10(at))  # annotations on a log axis take the exponent
    left = _share(level, axis) < ROOM
    figure.add_annotation(
        x=place,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=cursor_words(level, axis),
        showarrow=False,
        xanchor="left" if left else "right",
        xshift=-8 if left else 8,
        name="cursor",
        font={"weight": 600},
    )
