"""The setting of this session: from the link, through the widgets, back into the link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pruning.links import DEFAULT, Setting, read_query

PREFIX = "w_"
FIRST = "first_"
"""Widgets of the controls have the key ``w_FIELD``."""


def current() -> tuple[Setting, list[str]]:
    """The setting to show, and what of the link had to be changed.

    A link that this session did not write itself (a first visit, the back button) is read; coming from another page,
    whose address has no words, keeps the setting.
    """
    words = {name: str(value) for name, value in st.query_params.items()}
    chosen: Setting | None = st.session_state.get("setting")
    if chosen is not None and (not words or words == st.session_state.get("words")):
        return chosen, st.session_state.get("changes", [])
    setting, changes = read_query(words)
    put(setting)
    st.session_state["changes"] = changes
    return setting, changes


def put(setting: Setting) -> None:
    """Make a setting the session's; widgets take their values from it when they are drawn next."""
    st.session_state["setting"] = setting
    for key in [str(key) for key in st.session_state if str(key).startswith(PREFIX)]:
        st.session_state.pop(key, None)


def widget(field: str, value: object) -> str:
    """The key of a field's widget, whose value is set from the setting if the widget is new on this page."""
    key = PREFIX + field
    if key not in st.session_state:
        st.session_state[key] = value
        st.session_state[FIRST + field] = value
    return key


def first(field: str) -> Any:
    """The value with which a field's widget was made: its default.

    A value that is only set through the session state is sent to the browser once; where a rerun follows so quickly
    that the message is dropped, the browser would show another value than the server has. The default comes each time.
    """
    return st.session_state.get(FIRST + field)


def place(field: str, options: Sequence[Any]) -> int:
    """Where that value stands among the options of a list."""
    value = first(field)
    return options.index(value) if value in options else 0


def publish(setting: Setting) -> None:
    """Write the setting into the address of the browser."""
    before: Setting | None = st.session_state.get("setting")
    if before is not None and setting.model_copy(update={"layer": before.layer}) != before:
        # The person went on: what the link said is history. (A layer is chosen by the page where the link names none.)
        st.session_state["changes"] = []
    st.session_state["setting"] = setting
    words = setting.query()
    if st.session_state.get("words") != words or dict(st.query_params) != words:
        st.query_params.from_dict(words)
        st.session_state["words"] = words


def pinned(setting: Setting) -> Setting | None:
    """The pinned setting, if there is one that can be read."""
    if not setting.pin:
        return None
    words = dict(part.split("=", 1) for part in setting.pin.split("&") if "=" in part)
    return read_query(words)[0]


def pin_words(setting: Setting) -> str:
    """A setting in the words that ``pinned`` reads."""
    query = setting.model_copy(update={"pin": None, "layer": None, "axis": DEFAULT.axis}).query()
    return "&".join(f"{name}={value}" for name, value in query.items())
