"""The choices of the page Failures: from the address, through the widgets, back into the address."""

from __future__ import annotations

import streamlit as st

from pages.choices.failures import OF_SETTING, WAYS, Suspicion
from pages.choices.setting import Setting
from pages.shared import fields, state
from pruning.study.methods.approaches import ComparisonPlan, approaches

PAGE, EVERY = "failures", ""
"""Choices are the same whatever the model is."""
FIRST = Setting(model="resnet_20").at(900)
"""What a first visit shows: it comes with the program."""


def current() -> tuple[Setting, list[str]]:
    """The setting to show, and what of the address had to be changed; its choices go into the widgets."""
    state.begin_with(FIRST)
    return fields.beside_setting(PAGE, Suspicion, each=False)


def controls(setting: Setting) -> Suspicion:
    """Draw the page's own controls at the top of the sidebar; returns what is chosen."""
    own = fields.Fields(PAGE, EVERY, Suspicion())
    others = approaches(ComparisonPlan(model=setting.model))
    words = WAYS | {name: one.label for name, one in others.items() if name not in WAYS and name != "dense"}
    for here in filter(None, (own.first("way"), own.kept.get("way"))):  # one that a link names stays, and is refused
        words.setdefault(here, here)
    with st.sidebar:
        way = own.choice("Compressed network", "way", words, help="By the controls below, or as on Compare.")
        if way == "own":
            key = state.widget(own.prefix + "recipe", own.kept.get("recipe", ""))
            own.kept["recipe"] = st.text_area("Recipe: steps as JSON", key=key, placeholder='[{"kind": "quantize"}]')
        elif way not in OF_SETTING:
            st.caption("Sparsity and criterion below count for pruned networks of the controls, and for exemplars.")
    return chosen()


def panel(names: dict[str, str]) -> str:
    """Which panel is open."""
    own = fields.Fields(PAGE, EVERY, Suspicion())
    return own.pick("Panel", "panel", names, label_visibility="collapsed")


def chosen() -> Suspicion:
    """What is chosen."""
    return fields.chosen(PAGE, EVERY, Suspicion())


def publish(setting: Setting) -> None:
    """Write the setting and the choices into the address of the browser."""
    state.publish(setting, chosen().words(setting.model))
