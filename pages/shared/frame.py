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
    st.set_page_config(page_title="Pruning", layout="wide")
    style()
    sign_in()
    engine()
    first, *_ = found = listed()
    pages = {one: st.Page(one.path, title=one.title, url_path=one.name, default=one is first) for one in found}
    page = st.navigation(list(pages.values()), position="top")
    st.set_page_config(page_icon=next(one.icon for one, its in pages.items() if its is page))
    address.arrive(page.url_path)
    live.whole(page.run)
    sign_out()
    _freeze()
