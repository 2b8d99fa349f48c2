"""What several charts draw alike: reference lines, bands, notes, a selected row, rows from the top down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pruning.results.charts.base import amount, percent
from pruning.results.charts.palette import CONTROL, INK, PAPER, Role
from pruning.results.charts.sketch import Sketch


def blank(figure: Sketch) -> None:
    """An invisible trace: without any trace plotly draws no axes."""
    figure.add_scatter(x=[None], y=[None], showlegend=False, hoverinfo="skip")


def note(
    figure: Sketch, words: str, theme: str, x: float, y: float, xanchor: str | None = None, framed: bool = False
) -> None:
    """A word about what is missing, over the plot; ``x`` and ``y`` are shares of the plot (0..1)."""
    frame = {"bordercolor": CONTROL.colour(theme), "borderpad": 4} if framed else {}
    figure.add_annotation(
        x=x,
        y=y,
        xref="paper",
        yref="paper",
        xanchor=xanchor,
        text=f"<i>{words}</i>",
        showarrow=False,
        name="note",
        bgcolor=PAPER[theme],
        **frame,
    )


def reference_line(
    figure: Sketch, share: float, role: Role, word: str, theme: str, ink: str, yanchor: str | None = None
) -> None:
    """A horizontal line at a share (0..1), with its name in the right margin, where no curve can cross the words."""
    figure.add_shape(
        type="line",
        x0=0,
        x1=1,
        xref="paper",
        y0=100 * share,
        y1=100 * share,
        name=word,
        layer="below",
        line={"color": role.colour(theme), "width": 2, "dash": role.dash},
    )
    figure.add_annotation(
        x=1,
        xref="paper",
        xanchor="left",
        y=100 * share,
        yanchor=yanchor,
        text=f"{word}<br>{percent(share)}",
        showarrow=False,
        align="left",
        xshift=4,
        name=word,
        font={"color": ink},
    )


def band(figure: Sketch, x: np.ndarray, low: np.ndarray, high: np.ndarray, fill: str, name: str) -> None:
    """The area between ``low`` and ``high``."""
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=fill,
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        name=name,
    )


def hollow_entry(figure: Sketch, few: int, most: int, theme: str) -> None:
    """The legend's entry for points at which fewer images were seen than elsewhere."""
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        legendrank=2000,
        name=f"hollow: {amount(few)} images, not {amount(most)}",
        marker={"color": PAPER[theme], "size": 9, "line": {"width": 2, "color": INK[theme]}},
    )


def frame_row(figure: Sketch, names: Sequence[str], selected: str | None, **look: Any) -> None:
    """A rectangle around the selected row, if it is one of the rows; ``look`` is the shape's."""
    if selected in names:
        at = names.index(selected)
        figure.add_shape(type="rect", x0=0, x1=1, xref="paper", y0=at - 0.5, y1=at + 0.5, name="selected", **look)


def top_down(names: Sequence[str], words: Sequence[str]) -> dict[str, Any]:
    """An axis whose rows stand in their order from the top down, with the words for each."""
    return {"range": [len(names) - 0.5, -0.5], "tickvals": names, "ticktext": words, "showgrid": False}
