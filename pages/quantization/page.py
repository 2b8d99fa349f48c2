"""Quantization: fewer bits for each weight; what they do to a layer, to the file, to accuracy and to time."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.quantization import controls as quantization_state
from pages.quantization import more as quantization_more
from pages.quantization import view
from pages.quantization.work import answers
from pages.shared.controls import controls
from pages.shared.live import live
from pages.shared.plain import plain

TITLE, ICON, GROUP, PLACE = "Quantization", ":material/grid_on:", "Deploy", 70


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    setting, changes = quantization_state.current()
    formats = quantization_state.controls()
    setting = controls(setting)
    for sentence in changes:
        st.warning(plain(sentence), icon=":material/link_off:")
    headline = st.container()
    setting = view.layer_choice(setting, formats)
    busy = answers(setting, formats).pending
    with headline:
        live(partial(view.numbers, setting, formats), "quantization_numbers", busy)
    live(partial(view.charts, setting, formats), "quantization_charts", busy)
    more = quantization_more.busy(setting, formats)
    live(partial(quantization_more.curve, setting, formats), "quantization_curve", more)
    live(partial(quantization_more.runtime, setting, formats), "quantization_runtime", more)
    quantization_more.downloads(setting, formats)
    quantization_state.publish(setting)


if __name__ == "__main__":
    page()
