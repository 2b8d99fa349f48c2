"""The items of a report: moved up and down, and removed."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.collect import items
from pages.shared.plain import plain

ICONS = {
    "chart": ":material/show_chart:",
    "table": ":material/table:",
    "finding": ":material/lightbulb:",
    "run": ":material/science:",
}


def order() -> None:
    """A line an item."""
    st.subheader("Items", anchor=False)
    listed = items()
    for place, item in enumerate(listed):
        row = st.container(horizontal=True, vertical_alignment="center", key=f"report_item_{place}")
        row.markdown(f"{ICONS[item.kind]} {plain(item.title) or item.kind}", width="stretch")
        for label, icon, help_, act, off in (
            ("up", ":material/arrow_upward:", "Move up", partial(_swap, place, place - 1), place == 0),
            ("down", ":material/arrow_downward:", "Move down", partial(_swap, place, place + 1), item is listed[-1]),
            ("out", ":material/delete:", "Remove", partial(_remove, place), False),
        ):
            row.button("", icon=icon, help=help_, key=f"report_{label}_{place}", on_click=act, disabled=off)


def _swap(one: int, other: int) -> None:
    """Two items change places; another click may have taken one of them meanwhile."""
    listed = items()
    if 0 <= one < len(listed) and 0 <= other < len(listed):
        listed[one], listed[other] = listed[other], listed[one]


def _remove(place: int) -> None:
    """Take an item out; another click may have done so."""
    if place < len(items()):
        del items()[place]
