"""Structure: channels, heads and blocks are really taken out; what is left, and how fast is it?"""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.ui import state, structure_numbers, structure_speed, structure_take, structure_view, structure_work
from pages.ui.controls import controls
from pages.ui.entry import framed, start
from pages.ui.live import live
from pruning.structure_tables import REMOVABLE


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    setting, changes = structure_work.first()
    multiple = setting.allocation_options.get("multiple", 1)
    setting = controls(setting, REMOVABLE, ("multiple",))
    for sentence in changes:
        st.warning(sentence, icon=":material/link_off:")
    headline = st.container()
    setting = structure_work.rounding(setting, multiple)
    busy = structure_work.busy(setting)
    with headline:
        live(partial(structure_numbers.numbers, setting), "structure_numbers", busy)
    live(partial(structure_view.charts, setting), "structure_charts", busy)
    for name in structure_speed.NAMES:
        live(partial(structure_speed.panel, setting, name), f"structure_{name}", structure_speed.pending(setting, name))
    structure_take.downloads(setting)
    state.publish(setting)


if framed():
    page()
else:
    start()
