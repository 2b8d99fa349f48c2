"""Room beside the plot for the words of its axes, before the browser has measured them.

Plotly draws a chart, measures the words, and draws it once more when they need wider margins, which is a third of all
the time that a browser takes for a page of charts. With margins that suffice it draws once; where these estimates are
too small it still makes more room by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pruning.results.charts.palette import FONT_SIZE

EDGE = 12
"""px that plotly leaves beside all words where the margin is wider than that."""
TICK = 8
"""px of a tick and the gap to its number."""
HIGH, TITLE, LEGEND = 20, 18, 33
"""px of a line of numbers, of an axis' title under it, and of a legend in one line."""
WIDE = 0.43
"""Mean width of a letter, in font sizes."""
OVERHANG = 24
"""px on the right, for the half of "100" that stands beyond the end of its axis."""
COLOURS, NAMED = 106, 14
"""px of a colour scale with its numbers, and of its title."""
NUMBERS = 3
"""Digits of most axes."""


def room(data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> dict[str, float]:
    """Margins ``l``, ``r`` and ``b`` in px for a chart in plotly's plain form; never less than the chart's own."""
    found = {side: float(layout.get("margin", {}).get(side, 10)) for side in "lrb"}
    across, upright = _axis(layout, "xaxis"), _axis(layout, "yaxis")
    if across is not None and "tickangle" not in across and len(across.get("ticktext", ())) <= 12:
        below = EDGE + TICK + HIGH + TITLE * bool(across.get("title"))
        found["b"] = max(found["b"], below + LEGEND * _legend(data, layout))
        found["r"] = max(found["r"], OVERHANG)
    if upright is not None:
        letters = max((len(_seen(word)) for word in upright.get("ticktext", ())), default=NUMBERS)
        beside = EDGE + TICK + WIDE * FONT_SIZE * letters + (HIGH + 1) * bool(upright.get("title"))
        found["l"] = max(found["l"], beside)
    for trace in data:
        if trace["type"] == "heatmap" and trace.get("showscale", True):
            found["r"] = max(found["r"], COLOURS + NAMED * bool(trace.get("colorbar", {}).get("title")))
    return found


def _axis(layout: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """An axis at the left or at the bottom whose numbers are shown."""
    axis = layout.get(name, {})
    hidden = axis.get("visible") is False or axis.get("showticklabels") is False
    return None if hidden or axis.get("side") in ("top", "right") else axis


def _legend(data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> bool:
    """Whether there is a legend in a line under the plot. Without a word about it plotly makes one where there are two
    traces, be they named in it or not."""
    kinds = [trace for trace in data if trace["type"] != "heatmap"]
    asked = any(trace.get("showlegend") for trace in data)
    there = layout.get("showlegend", len(kinds) > 1 or asked)
    named = asked or any(trace.get("showlegend", True) for trace in kinds)
    return bool(there and named) and layout.get("legend", {}).get("orientation") == "h"


def _seen(word: object) -> str:
    """What is seen of a label: without tags."""
    return re.sub("<[^>]*>", "", str(word))
