"""Compare: pruning, quantization and distillation, alone and combined, on one picture with measured axes."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.ui import compare_controls, compare_view, compare_work
from pages.ui.entry import framed, start
from pages.ui.live import live


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    changes = compare_controls.current()
    wish = compare_controls.controls()
    for sentence in changes:
        st.warning(sentence, icon=":material/link_off:")
    live(partial(compare_view.panel, wish), "compare_live", compare_work.busy(wish.plan), every=2.0)
    compare_controls.publish(wish)


if framed():
    page()
else:
    start()
