"""The app: configuration, navigation, engine start. ``streamlit run app.py``."""

from __future__ import annotations

import gc
import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import streamlit as st

from pages.ui.server import engine
from pages.ui.style import style


@st.cache_resource(show_spinner=False)
def _freeze() -> None:
    """Streamlit collects garbage after every script run; what the first page imported need not be looked at again."""
    gc.collect()
    gc.freeze()


st.set_page_config(page_title="Pruning", page_icon=":material/content_cut:", layout="wide")
engine()
style()
page = st.navigation(
    [
        st.Page("pages/prune.py", title="Prune", icon=":material/content_cut:", default=True),
        st.Page("pages/runs.py", title="Runs", icon=":material/bookmarks:"),
    ],
    position="top",
)
page.run()
_freeze()
