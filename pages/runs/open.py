"""Open a run on the page it belongs to."""

from __future__ import annotations

from urllib.parse import parse_qsl

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.choices.links import of_study
from pages.shared.state import put
from pruning.store.records import StoredRun
from pruning.study.study import load_study

HOMES = {"recover": "Recover", "lottery": "Lottery ticket", "compare": "Compare"}
"""Pages of which a run keeps the words of the address, and their titles; the others open on Prune."""


def opener(place: DeltaGenerator, run: StoredRun) -> None:
    """Draw the button that shows a run on its page, which reads the run's words as those of any link."""
    page = str(run.summary.get("page"))
    label = HOMES.get(page, "Prune")
    if not place.button(f"Open on {label}", key=f"open_{run.id}", type="primary", icon=":material/open_in_new:"):
        return
    for name in ("words", "lottery_words", "compare_words"):
        st.session_state.pop(name, None)
    if page in HOMES:
        st.switch_page(f"pages/{page}/page.py", query_params=dict(parse_qsl(str(run.summary.get("link", "")))))
    put(of_study(load_study(run.study)))
    st.switch_page("pages/prune/page.py")
