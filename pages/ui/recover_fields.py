"""Widgets of training options, which keep what was chosen for each page and model."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.state import first, widget

OPTIMISERS = {"sgd": "SGD, momentum 0.9", "adam": "Adam", "adamw": "AdamW"}
SCHEDULES = {"cosine": "cosine", "one_cycle": "rise and fall", "steps": "steps", "constant": "constant"}


class Fields:
    """Widgets of one page and model, each with the model's default until something else is chosen.

    What was chosen is kept for the session: Streamlit forgets widgets when another page is open.
    """

    def __init__(self, page: str, model: str) -> None:
        self.prefix = f"{page}_{model}_"
        self.kept: dict[str, Any] = st.session_state.setdefault("training_kept", {}).setdefault(self.prefix, {})

    def _key(self, name: str, default: Any) -> str:
        return widget(self.prefix + name, self.kept.get(name, default))

    def first(self, name: str) -> Any:
        return first(self.prefix + name)

    def number(self, label: str, name: str, low: Any, high: Any, default: Any, **more: Any) -> Any:
        """A number within bounds; whole if its default is."""
        key = self._key(name, default)
        kind = type(default)
        value = kind(st.number_input(label, kind(low), kind(high), kind(self.first(name)), key=key, **more))
        self.kept[name] = value
        return value

    def choice(self, label: str, name: str, words: dict[str, str], default: str, **more: Any) -> str:
        key, options = self._key(name, default), list(words)
        index = options.index(self.first(name))
        self.kept[name] = str(st.selectbox(label, options, index, key=key, format_func=words.__getitem__, **more))
        return self.kept[name]

    def tick(self, label: str, name: str, default: bool) -> bool:
        key = self._key(name, default)
        self.kept[name] = bool(st.toggle(label, self.first(name), key=key))
        return self.kept[name]

    def several(self, label: str, name: str, words: dict[str, str], default: list[str], **more: Any) -> list[str]:
        key = self._key(name, default)
        st.session_state[key] = [one for one in st.session_state[key] if one in words]
        chosen = st.multiselect(label, list(words), key=key, format_func=words.__getitem__, **more)
        self.kept[name] = [one for one in words if one in chosen]
        return self.kept[name]
