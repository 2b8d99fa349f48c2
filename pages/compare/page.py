"""Compare: pruning, quantization and distillation, alone and combined, on one picture with measured axes."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.compare import controls, view, work
from pages.shared.live import live
from pages.shared.plain import plain

TITLE, ICON, GROUP, PLACE = "Compare", ":material/balance:", "Deploy", 80


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    changes = controls.current()
    wish = controls.controls()
    for sentence in changes:
        st.warning(plain(sentence), icon=":material/link_off:")
    live(partial(view.panel, wish), "compare_live", work.busy(wish.plan), every=2.0)
    controls.publish(wish)


if __name__ == "__main__":
    page()
