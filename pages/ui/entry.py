"""The frame of every page: configuration, navigation, engine start."""

from __future__ import annotations

import gc

import streamlit as st

from pages.ui import address, live
from pages.ui.server import engine
from pages.ui.sign_in import sign_in, sign_out
from pages.ui.style import style


@st.cache_resource(show_spinner=False)
def _freeze() -> None:
    """What the first page imported stays, and need not be looked at at each collection of garbage."""
    gc.collect()
    gc.freeze()


def start() -> None:
    """Draw the frame, and in it the page that the address names."""
    st.session_state["framed"] = True
    st.set_page_config(page_title="Pruning", page_icon=":material/content_cut:", layout="wide")
    style()
    sign_in()
    engine()
    page = st.navigation(
        [
            st.Page("pages/prune.py", title="Prune", default=True),
            st.Page("pages/curves.py", title="Curves"),
            st.Page("pages/layers.py", title="Layers"),
            st.Page("pages/recover.py", title="Recover"),
            st.Page("pages/lottery.py", title="Lottery ticket"),
            st.Page("pages/structure.py", title="Structure"),
            st.Page("pages/quantization.py", title="Quantization"),
            st.Page("pages/compare.py", title="Compare"),
            st.Page("pages/scorers.py", title="Scorers"),
            st.Page("pages/runs.py", title="Runs"),
            st.Page("pages/status.py", title="Status"),
        ],
        position="top",
    )
    address.arrive(page.url_path)
    live.whole(page.run)
    sign_out()
    _freeze()


def framed() -> bool:
    """Whether the frame is drawn already. Right after a server's start Streamlit runs a file of ``pages/`` by itself
    where the first address names one; such a file draws the frame, which then runs the file again."""
    return bool(st.session_state.get("framed"))
