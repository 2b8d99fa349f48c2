"""Quantization: fewer bits for each weight; what they do to a layer, to the file, to accuracy and to time."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.ui import quantization_more, quantization_state, quantization_view
from pages.ui.controls import controls
from pages.ui.entry import framed, start
from pages.ui.live import live
from pages.ui.quantization_work import answers


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    setting, changes = quantization_state.current()
    formats = quantization_state.controls()
    setting = controls(setting)
    for sentence in changes:
        st.warning(sentence, icon=":material/link_off:")
    headline = st.container()
    setting = quantization_view.layer_choice(setting, formats)
    busy = answers(setting, formats).pending
    with headline:
        live(partial(quantization_view.numbers, setting, formats), "quantization_numbers", busy)
    live(partial(quantization_view.charts, setting, formats), "quantization_charts", busy)
    more = quantization_more.busy(setting, formats)
    live(partial(quantization_more.curve, setting, formats), "quantization_curve", more)
    live(partial(quantization_more.runtime, setting, formats), "quantization_runtime", more)
    quantization_more.downloads(setting, formats)
    quantization_state.publish(setting)


if framed():
    page()
else:
    start()
