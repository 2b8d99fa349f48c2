"""The frame of every page: configuration, navigation, engine start."""

from __future__ import annotations

import gc

import streamlit as st

from pages.shared import address, live
from pages.shared.navigation import listed
from pages.shared.server import engine
from pages.shared.sign_in import sign_in, sign_out
from pages.shared.style import style


@st.cache_resource(show_spinner=False)
def _freeze() -> None:
    """What the first page imported stays, and need not be looked at at each collection of garbage."""
    gc.collect()
    gc.freeze()


def start() -> None:
    """Draw the frame, and in it the page that the address names."""
    st.set_page_config(page_title="Pruning", page_icon=":material/content_cut:", layout="wide")
    style()
    sign_in()
    engine()
    page = st.navigation(
        [
            st.Page(page.path, title=page.title, icon=page.icon, url_path=page.name, default=number == 0)
            for number, page in enumerate(listed())
        ],
        position="top",
    )
    address.arrive(page.url_path)
    live.whole(page.run)
    sign_out()
    _freeze()
