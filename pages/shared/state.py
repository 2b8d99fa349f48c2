"""The setting of this session: from the link, through the widgets, back into the link."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.choices.links import read_query
from pages.choices.setting import DEFAULT, Setting
from pages.shared import address

PREFIX = "w_"
FIRST = "first_"
"""Widgets of the controls have the key ``w_FIELD``."""


def fresh() -> dict[str, str] | None:
    """The words of a link that this session did not write itself (a first visit, the back button), else None."""
    words = address.words()
    known = "setting" in st.session_state and (
        not words or words == st.session_state.get("words") or address.own(words)
    )
    return None if known else words


def current(others: Collection[str] = ()) -> tuple[Setting, list[str]]:
    """The setting to show, and what of the link had to be changed.

    A link that this session did not write itself is read; coming from another page, whose address has no words, keeps
    the setting.

    Args:
        others: words of the link that belong to the page itself.
    """
    words = fresh()
    if words is None:
        return st.session_state["setting"], st.session_state.get("changes", [])
    setting, changes = read_query(words, others)
    put(setting)
    st.session_state["changes"] = changes
    return setting, changes


def put(setting: Setting) -> None:
    """Make a setting the session's; widgets take their values from it when they are drawn next."""
    st.session_state["setting"] = setting
    st.session_state.pop("own_words", None)
    forget("")


def begin_with(setting: Setting) -> None:
    """Make it the session's where this is the first page and no link says what to show."""
    if "setting" not in st.session_state and not st.query_params:
        put(setting)


def forget(fields: str) -> None:
    """Let the widgets whose fields begin so take their values anew when they are drawn next."""
    for key in [str(key) for key in st.session_state if str(key).startswith(PREFIX + fields)]:
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


def publish(setting: Setting, more: Mapping[str, str] | None = None) -> None:
    """Write the setting into the address of the browser, and with it ``more`` words of the page itself."""
    before: Setting | None = st.session_state.get("setting")
    own = dict(more or {})
    on = before is not None and setting.model_copy(update={"layer": before.layer}) != before
    if on or st.session_state.get("own_words", own) != own:
        # The person went on: what the link said is history. (A layer is chosen by the page where the link names none.)
        st.session_state["changes"] = []
    st.session_state["setting"], st.session_state["own_words"] = setting, own
    words = setting.query() | own
    address.write(words)
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
