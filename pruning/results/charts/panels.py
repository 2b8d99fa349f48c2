"""Several small charts side by side: where their axes lie, as plotly's subplots place them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from plotly.subplots import make_subplots

from pruning.results.charts.sketch import Sketch

HEAD_SIZE = 14
"""px of the letters over each panel."""


def panels(
    figure: Sketch, down: int, across: int, heads: Sequence[str], horizontal: float, vertical: float = 0.0
) -> int:
    """Lay out panels with shared axes, row by row, each with its heading.

    Args:
        horizontal, vertical: space between panels, as a share of the plot.

    Returns:
        How many panels there are; those beyond ``heads`` stay empty.
    """
    layout = _layout(down, across, horizontal, vertical)
    figure.update_layout(**layout)
    for number, head in enumerate(heads):
        (left, right), (_, top) = (layout[axis(kind, number)]["domain"] for kind in "xy")
        figure.add_annotation(
            x=(left + right) / 2,
            xref="paper",
            xanchor="center",
            y=top,
            yref="paper",
            yanchor="bottom",
            text=head,
            showarrow=False,
            font={"size": HEAD_SIZE},
        )
    return down * across


def axis(kind: str, number: int) -> str:
    """The layout's name of an axis of a panel, counted from 0: "xaxis", "xaxis2", ..."""
    return f"{kind}axis{number + 1 if number else ''}"


def place(number: int) -> dict[str, str]:
    """In which panel, counted from 0, a trace is drawn."""
    after = str(number + 1) if number else ""
    return {"xaxis": f"x{after}", "yaxis": f"y{after}"}


@lru_cache(maxsize=32)
def _layout(down: int, across: int, horizontal: float, vertical: float) -> dict[str, Any]:
    made = make_subplots(
        down, across, shared_xaxes=True, shared_yaxes=True, horizontal_spacing=horizontal, vertical_spacing=vertical
    )
    layout = made.to_plotly_json()["layout"]
    return {name: about for name, about in layout.items() if name != "template"}
