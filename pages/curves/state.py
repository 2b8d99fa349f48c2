"""The view of this session: from the address, through the widgets, back into the address."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.choices.curve_words import read_words
from pages.choices.curves import DEFAULT, Curve, View
from pages.choices.setting import MethodChoice, Setting
from pages.shared import address, state

PAGE, FIELD = "curves", "curves_"
"""Widgets of this page have keys of their own, beside those of the Prune page."""


def current() -> tuple[View, list[str]]:
    """The view to show, and what of the address had to be changed.

    An address that this session did not write itself is read. Coming from the Prune page, whose setting this session
    already has, starts with that setting's method and model.
    """
    words = address.fresh(PAGE)
    chosen: View | None = st.session_state.get("curves_view")
    if chosen is not None and not words:
        return chosen, address.changes(PAGE)
    view, changes = read_words(words, _start())
    state.forget(FIELD)
    st.session_state["curves_view"] = view
    return view, address.changed(PAGE, changes)


def _start() -> View:
    """The first view: what was looked at on the Prune page, else the default."""
    setting: Setting | None = st.session_state.get("setting")
    if setting is None:
        return DEFAULT
    curve = Curve(**{name: getattr(setting, name) for name in MethodChoice.model_fields})
    return View(
        model=setting.model,
        data=setting.data,
        trained=(setting.weights,),
        device=setting.device,
        curves=tuple(dict.fromkeys([curve, Curve()])),
    )


def publish(view: View) -> None:
    """Keep the view for this session, and write it into the address of the browser."""
    st.session_state["curves_view"] = view
    address.publish(PAGE, view.query())


def keep(name: str, value: Any) -> str:
    """The key of a widget, whose value is the view's where the widget is new."""
    return state.widget(FIELD + name, value)


def first(name: str) -> Any:
    """The value with which the widget was made; see ``pages.shared.state.first``."""
    return state.first(FIELD + name)
