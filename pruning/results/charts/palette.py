"""Colours, dashes and symbols with one meaning everywhere, and the two plotly templates made of them.

The hues are Okabe and Ito's (https://jfly.uni-koeln.de/color/), darker on white and lighter on black where a line
would otherwise be too faint; red never stands against green, and a dash or a symbol goes with each colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import plotly.graph_objects as go
from plotly.colors import make_colorscale, sequential

Theme = Literal["light", "dark"]

FONT = '"Source Sans", "Source Sans Pro", "Source Sans 3", sans-serif'
FONT_SIZE = 15
"""px on screen; readable on a projector."""
TITLE_SIZE = 18

# Solid papers, Streamlit's own: the browser's camera button exports the paper as it is, and white words on a
# transparent one cannot be read in a document.
PAPER: dict[str, str] = {"light": "#FFFFFF", "dark": "#0E1117"}
INK: dict[str, str] = {"light": "#31333F", "dark": "#FAFAFA"}
FAINT: dict[str, str] = {"light": "#E3E5EA", "dark": "#2E333D"}
"""Grid lines, and the track behind a bar."""

SEQUENCE = make_colorscale(sequential.Cividis)
"""The sequential scale: even in lightness, and the same to every kind of colour vision."""


@dataclass(frozen=True)
class Role:
    """How one meaning looks: a colour a theme, a line dash and a marker symbol."""

    light: str
    dark: str
    dash: str
    symbol: str

    def colour(self, theme: str) -> str:
        """The colour as #RRGGBB."""
        return self.dark if theme == "dark" else self.light

    def tint(self, theme: str, opacity: float) -> str:
        """The colour as rgba, for bands and tracks."""
        red, green, blue = (int(self.colour(theme)[at : at + 2], 16) for at in (1, 3, 5))
        return f"rgba({red},{green},{blue},{opacity:g})"


KEPT = Role("#0072B2", "#56B4E9", "solid", "circle")
"""Weights that stay, and the pruned network made of them."""
REMOVED = Role("#E69F00", "#E69F00", "solid", "x")
DENSE = Role("#31333F", "#FAFAFA", "dash", "diamond")
"""The network before pruning: the reference."""
RECALIBRATED = Role("#A6417D", "#E29DC4", "solid", "square")
BASELINE = Role("#007A5A", "#2CC79A", "dashdot", "triangle-up")
"""An earlier setting that was pinned, to compare with."""
CONTROL = Role("#757983", "#9AA0AB", "dot", "cross")
"""What knows nothing: chance, random pruning."""

ROLES: dict[str, Role] = {
    "kept": KEPT,
    "removed": REMOVED,
    "dense": DENSE,
    "recalibrated": RECALIBRATED,
    "baseline": BASELINE,
    "control": CONTROL,
}


def template(theme: str, size: float = FONT_SIZE, title: float = TITLE_SIZE, family: str = FONT) -> go.layout.Template:
    """The look shared by all charts.

    Args:
        theme: "light" or "dark".
        size: px of all letters but the title's.
        title: px of the title's letters.
        family: CSS font family.
    """
    ink, faint, paper = INK[theme], FAINT[theme], PAPER[theme]
    axis = {
        "gridcolor": faint,
        "linecolor": CONTROL.colour(theme),
        "tickcolor": CONTROL.colour(theme),
        "zeroline": False,
        "automargin": True,
        "ticks": "outside",
        "ticklen": 4,
        "title": {"standoff": size / 2, "font": {"size": size}},
        "autotypenumbers": "strict",  # names such as "85 %" or the digit "7" are names, not places on an axis
    }
    return go.layout.Template(
        layout={
            "font": {"family": family, "size": size, "color": ink},
            "title": {
                "font": {"size": title, "weight": 600},
                "x": 0,
                "xref": "container",
                "xanchor": "left",
                "y": 1,
                "yref": "container",
                "yanchor": "top",
            },
            "paper_bgcolor": paper,
            "plot_bgcolor": paper,
            "colorway": [role.colour(theme) for role in ROLES.values()],
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"font": {"family": family, "size": size}, "align": "left"},
            "legend": {"bgcolor": "rgba(0,0,0,0)"},
            "margin": {"l": 10, "r": 14, "t": 10, "b": 10},
        },
        data={"heatmap": [{"colorbar": {"title": {"font": {"size": size}}, "outlinewidth": 0}}]},
    )


@lru_cache(maxsize=2)
def template_spec(theme: str) -> dict[str, Any]:
    """A theme's template in plotly's plain form; everybody shares it, so nobody changes it."""
    return template(theme).to_plotly_json()
