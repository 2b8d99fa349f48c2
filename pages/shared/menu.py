"""A button with a menu that is filled when it is opened: a slider's move waits for all that a page sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


def menu(label: str, fill: Callable[[], None], key: str, **look: Any) -> None:
    """Draw it.

    Args:
        fill: draws what is in it.
        key: unique on the page.
        look: as ``st.popover`` takes it: width, type, icon.
    """
    opened = st.popover(label, key=key, on_change="rerun", **look)
    if opened.open:
        with opened:
            fill()
