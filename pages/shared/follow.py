"""Answers while a slider is dragged: what is known at each of its stops goes to the browser once, and is drawn there.

The server hears of the level when the slider rests, and draws the page anew as ever; without JavaScript nothing is
lost but the drawing in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from pruning.results.charts.axes import Axis, cursor_words, positions
from pruning.results.charts.titles import title_lines

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


@dataclass
class Follow:
    """What follows a slider.

    Args:
        stops: its levels, per mille, in its order.
        charts: by the name under which a chart is shown.
        texts: by a selector of the page, the words at each stop; None where nothing is known.
    """

    stops: Sequence[int]
    charts: dict[str, dict[str, Any]] = field(default_factory=dict)
    texts: dict[str, Sequence[str | None]] = field(default_factory=dict)

    def chart(
        self,
        name: str,
        axis: Axis | None,
        titles: Sequence[str],
        width: int,
        bars: tuple[int, Sequence[Sequence[int]], Sequence[Sequence[str]]] | None = None,
    ) -> None:
        """A chart whose cursor, title or bars depend on the level.

        Args:
            axis: that of its cursor, if it has one.
            titles: at each stop.
            width: px, as it is shown with.
            bars: which trace, and at each stop the lengths (per mille of the axis) and the words of its bars.
        """
        at = [None] * len(self.stops) if axis is None else _places(self.stops, axis)
        labels = [""] * len(self.stops) if axis is None else [cursor_words(stop, axis) for stop in self.stops]
        said = {"at": at, "labels": labels, "titles": [title_lines(title, width) for title in titles]}
        if bars is not None:
            said["bars"] = dict(zip(("trace", "shares", "words"), bars, strict=True))
        self.charts[name] = said


def _places(stops: Sequence[int], axis: Axis) -> list[float | None]:
    return [None if place != place else round(float(place), 3) for place in positions(stops, axis)]


def follow(slider: str, what: Mapping[str, Any]) -> None:
    """Let what is known follow a slider.

    Args:
        slider: its key.
        what: ``charts`` and ``texts`` of a ``Follow``; the same at every level, so that it is sent once.
    """
    mount = st.components.v2.component("follow", js=SCRIPT, isolate_styles=False)
    mount(key=f"follow_{slider}", data={"slider": slider, **what}, height=1)
