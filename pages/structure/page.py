"""Structure: channels, heads and blocks are really taken out; what is left, and how fast is it?"""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared import state
from pages.shared.controls import controls
from pages.shared.live import live
from pages.shared.plain import plain
from pages.structure import numbers, speed, take_home, view, work
from pages.structure.words import REMOVABLE

TITLE, ICON, GROUP, PLACE = "Structure", ":material/account_tree:", "Deploy", 60


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    setting, changes = work.first()
    multiple = setting.allocation_options.get("multiple", 1)
    setting = controls(setting, REMOVABLE, ("multiple",))
    for sentence in changes:
        st.warning(plain(sentence), icon=":material/link_off:")
    headline = st.container()
    setting = work.rounding(setting, multiple)
    busy = work.busy(setting)
    with headline:
        live(partial(numbers.numbers, setting), "structure_numbers", busy)
    live(partial(view.charts, setting), "structure_charts", busy)
    for name in speed.NAMES:
        live(partial(speed.panel, setting, name), f"structure_{name}", speed.pending(setting, name))
    take_home.downloads(setting)
    state.publish(setting)


if __name__ == "__main__":
    page()
