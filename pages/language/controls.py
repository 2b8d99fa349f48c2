"""The choices of the page Language: from the address, through the widgets, back into the address."""

from __future__ import annotations

import streamlit as st

from pages.choices.language import EMBEDDED, NETWORKS, PROMPTS, SOLVERS, STOPS, Reading
from pages.shared import address, fields
from pages.shared.state import first, widget
from pruning.criteria.kinds import scorers
from pruning.results.charts.words import tip
from pruning.zoo.kinds import models

PAGE, EVERY = "language", ""
"""Choices are the same whatever the network is: the network is one of them."""
LABELS = {name: scorers[name].label for name in SOLVERS}


def current() -> list[str]:
    """Read an address that this session did not write itself; what of it had to be changed, each in a sentence."""
    if not (found := address.fresh(PAGE)):
        return address.changes(PAGE)
    changes = Reading.strangers(found)
    changes += fields.read(PAGE, EVERY, Reading(), found)
    return address.changed(PAGE, changes)


def chosen() -> Reading:
    """What is chosen."""
    return fields.chosen(PAGE, EVERY, Reading())


def controls() -> Reading:
    """Draw the controls in the sidebar; returns what is chosen now."""
    own = fields.Fields(PAGE, EVERY, Reading())
    with st.sidebar:
        key = widget(own.prefix + "level", own.kept.get("level", Reading().level))
        start = first(own.prefix + "level")
        level = st.select_slider(
            "Weights removed", STOPS, start, key=key, format_func=lambda stop: f"{stop / 10:g} %", help=tip("solver")
        )
        own.kept["level"] = int(level)
        own.choice("Criterion", "scorer", LABELS, help=tip("scorer"))
        names = {name: models[name].label for name in NETWORKS}
        model = own.choice("Network", "model", names, help=tip("model"))
        st.caption(models[model].summary)
        own.number("Seed of the texts", "seed")
    return chosen()


def prompt(reading: Reading) -> Reading:
    """What both networks continue."""
    own = fields.Fields(PAGE, EVERY, Reading())
    label = "Continue this text" if reading.model == EMBEDDED else "Answer this"
    key = widget(own.prefix + "prompt", own.kept.get("prompt", ""))
    own.kept["prompt"] = st.text_input(label, key=key, placeholder=PROMPTS[reading.model], max_chars=2_000)
    return chosen()


def publish(reading: Reading) -> None:
    """Write the choices into the address of the browser."""
    address.publish(PAGE, reading.query())
