"""Presenting: large letters, no sidebar, nothing but the page; for a projector, on any page."""

from __future__ import annotations

import streamlit as st

ON = "presenting"
CSS = """
<style>
html { font-size: 21px; }
[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"], .st-key-bar_groups, .st-key-bar_pages,
[class*="st-key-take_"] { display: none !important; }
.block-container { max-width: 1500px; padding-left: 2rem; padding-right: 2rem; }
</style>
"""
"""What a room has no use for goes: controls, menus of downloads, the bar. What a number was measured on stays."""


def presenting() -> bool:
    """Whether this browser shows pages to a room."""
    return bool(st.session_state.get(ON))


def switch() -> None:
    """The button that begins and ends it, and what it changes."""
    on = presenting()
    if on:
        st.html(CSS)
    if st.button(
        "End the presentation" if on else "Present",
        key="present",
        type="tertiary",
        icon=":material/fullscreen_exit:" if on else ":material/slideshow:",
        help=None if on else "Large letters and no sidebar: for a projector. Each chart can fill the screen.",
    ):
        st.session_state[ON] = not on
        st.rerun()
