"""What a person wants of a chart in print: chosen once, for all charts of the session."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pruning.results.report.paper import FONTS, LOWEST_MM, TALLEST_MM, Font, Legend, Paper, Width

WIDTHS: dict[Width, str] = {85: "one column (85 mm)", 170: "two columns (170 mm)"}
LEGENDS: dict[Legend, str] = {"below": "under the plot", "inside": "inside"}
LETTERS: dict[Font, str] = {"sans": "sans serif", "serif": "serif"}
KEPT = "paper"


def chosen() -> Paper:
    """What is chosen now."""
    return st.session_state.get(KEPT, Paper())


def fields(key: str) -> Paper:
    """Draw the fields; returns what is chosen.

    Args:
        key: of the chart: widgets of several charts may stand on a page.
    """
    now = chosen()

    def one_of(label: str, name: str, words: dict[Any, str]) -> Any:
        return st.segmented_control(
            label,
            list(words),
            default=getattr(now, name),
            format_func=words.__getitem__,
            required=True,
            key=f"paper_{name}_{key}",
        )

    width = one_of("Width", "width_mm", WIDTHS)
    legend = one_of("Legend", "legend", LEGENDS)
    font = one_of("Letters", "font", {name: LETTERS[name] for name in FONTS})
    title = st.toggle(
        "Title above the chart", now.title, key=f"paper_title_{key}", help="Papers have it in the caption."
    )
    left, middle, right = st.columns(3)
    points = left.number_input(
        "Size (pt)", 5.0, 14.0, now.points, 0.5, placeholder="fits the width", key=f"paper_points_{key}"
    )
    height = middle.number_input(
        "Height (mm)", LOWEST_MM, TALLEST_MM, now.height_mm, 5.0, placeholder="as needed", key=f"paper_height_{key}"
    )
    dpi = right.number_input("PNG (dpi)", 72, 1200, now.dpi, 50, key=f"paper_dpi_{key}")
    st.session_state[KEPT] = Paper(width, height, title, legend, font, points, int(dpi))
    return st.session_state[KEPT]
