"""Widgets of a page's own choices, such as training options, which keep what was chosen for each page and model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.choices.setting import Setting
from pages.choices.words import C, Words
from pages.shared import state
from pages.shared.state import PREFIX, first, forget, widget

OPTIMISERS = {"sgd": "SGD, Nesterov momentum 0.9", "adam": "Adam", "adamw": "AdamW"}
SCHEDULES = {"cosine": "cosine", "one_cycle": "rise and fall", "steps": "steps", "constant": "constant"}


class Fields:
    """Widgets of one page and model, each with the model's default until something else is chosen.

    What was chosen is kept for the session: Streamlit forgets widgets when another page is open.

    Args:
        page: a word for the keys of the widgets.
        usual: the model's defaults, with the bounds of each field.
    """

    def __init__(self, page: str, model: str, usual: Words) -> None:
        self.prefix, self.usual = _prefix(page, model), usual
        self.kept: dict[str, Any] = _kept(self.prefix)

    def _key(self, name: str) -> str:
        return widget(self.prefix + name, self.kept.get(name, getattr(self.usual, name)))

    def first(self, name: str) -> Any:
        return first(self.prefix + name)

    def number(self, label: str, name: str, most: Any = None, **more: Any) -> Any:
        """A number within its bounds; whole if its default is.

        Args:
            most: a lower upper bound, where another field sets it.
        """
        key, kind = self._key(name), type(getattr(self.usual, name))
        low, high = type(self.usual).bounds(name)
        high = high if most is None else min(high, most)
        st.session_state[key] = min(kind(high), st.session_state[key])  # the other field may have fallen since
        start = min(kind(high), kind(self.first(name)))
        value = kind(st.number_input(label, kind(low), kind(high), start, key=key, **more))
        self.kept[name] = value
        return value

    def slider(self, label: str, name: str, low: Any, high: Any, step: Any, **more: Any) -> Any:
        """A number that is dragged, between two ends that may be narrower than its bounds."""
        key, kind = self._key(name), type(getattr(self.usual, name))
        st.session_state[key] = min(high, max(low, st.session_state[key]))
        start = min(high, max(low, self.first(name)))
        self.kept[name] = kind(st.slider(label, low, high, start, step, key=key, **more))
        return self.kept[name]

    def choice(self, label: str, name: str, words: dict[str, str], **more: Any) -> str:
        key, options = self._key(name), list(words)
        index = options.index(self.first(name))
        self.kept[name] = str(st.selectbox(label, options, index, key=key, format_func=words.__getitem__, **more))
        return self.kept[name]

    def pick(self, label: str, name: str, words: Mapping[Any, str], **more: Any) -> Any:
        """One of a few, side by side; what a link names beside them joins them."""
        key, start = self._key(name), self.first(name)
        options = list(dict.fromkeys([*words, start]))
        self.kept[name] = st.segmented_control(
            label,
            options,
            default=start,
            key=key,
            required=True,
            format_func=lambda value: words.get(value, str(value)),
            **more,
        )
        return self.kept[name]

    def tick(self, label: str, name: str) -> bool:
        key = self._key(name)
        self.kept[name] = bool(st.toggle(label, self.first(name), key=key))
        return self.kept[name]

    def several(self, label: str, name: str, words: dict[str, str], default: list[str], **more: Any) -> list[str]:
        """Some of a list. What was chosen stays chosen while it is not offered; untouched, the default is shown."""
        key = PREFIX + self.prefix + name
        chosen = self.kept.get(name)
        st.session_state[key] = [one for one in (default if chosen is None else chosen) if one in words]

        def touched() -> None:
            self.kept[name] = tuple(one for one in words if one in st.session_state[key])

        found = st.multiselect(label, list(words), key=key, format_func=words.__getitem__, on_change=touched, **more)
        return [one for one in words if one in found]


def put(page: str, model: str, choices: Words) -> None:
    """Make choices those of a page and model; widgets take their values from them when they are drawn next."""
    prefix = _prefix(page, model)
    _kept(prefix).clear()
    _kept(prefix).update(choices.model_dump())
    forget(prefix)


def read(page: str, model: str, usual: Words, words: Mapping[str, str]) -> list[str]:
    """Make those words of an address that are choices the choices of a page and model.

    Args:
        usual: what holds where the address says nothing, or something wrong.

    Returns:
        What of it could not be used, each in a sentence.
    """
    choices, changes = type(usual).read(words, usual)
    put(page, model, choices)
    return changes


def beside_setting(page: str, kind: type[Words], each: bool = True) -> tuple[Setting, list[str]]:
    """The setting to show, and what of the address had to be changed; its other words become the page's choices.

    Args:
        each: whether every model has choices of its own.
    """
    words = state.fresh()
    setting, changes = state.current(kind.model_fields)
    if words:
        model = setting.model if each else ""
        changes += read(page, model, kind.of(model), words)  # the session keeps this list
    return setting, changes


def chosen(page: str, model: str, usual: C) -> C:
    """What is chosen on a page for a model."""
    return usual.model_copy(update=_kept(_prefix(page, model)))


def _prefix(page: str, model: str) -> str:
    return f"{page}_{model}_"


def _kept(prefix: str) -> dict[str, Any]:
    return st.session_state.setdefault("training_kept", {}).setdefault(prefix, {})
