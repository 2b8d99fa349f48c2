"""The frame of every page: configuration, navigation, engine start."""

from __future__ import annotations

import gc
from pathlib import Path

import streamlit as st

from pages.shared import address, live
from pages.shared.bar import bar
from pages.shared.costly import forget, offer
from pages.shared.hosts import check_host
from pages.shared.navigation import listed
from pages.shared.server import claim, engine
from pages.shared.sign_in import sign_in, sign_out
from pages.shared.streamlit_internals import asked_page
from pages.shared.style import style
from pages.shared.told import told
from pruning.common.environment import Settings

ICON = str(Path(__file__).with_name("icon.png"))
"""Of our own: a named one would be asked of a font server by each visitor's browser."""

WITH_WORDS = "prune"
"""What an address opens that has words, but no page: ``/?model=lenet_5``."""


@st.cache_resource(show_spinner=False)
def _freeze() -> None:
    """What the first page imported stays, and need not be looked at at each collection of garbage."""
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False)
def _named_hosts() -> tuple[str, ...]:
    return Settings.read().hosts


def _home() -> str:
    """The page at the address without a name, the same for a whole session: the first one, or for a link with words
    the page that such links have always opened. A page that is asked for by its name is never that one."""
    if "home" not in st.session_state:
        first, asked = listed()[0].name, asked_page()
        st.session_state["home"] = WITH_WORDS if asked == first or st.query_params and not asked else first
    return st.session_state["home"]


def start() -> None:
    """Draw the frame, and in it the page that the address names."""
    st.set_page_config(page_title="Pruning", page_icon=ICON, layout="wide")
    style()
    home = _home()
    pages = {
        one.name: st.Page(one.path, title=one.title, icon=one.icon, url_path=one.name, default=one.name == home)
        for one in listed()
    }
    # Addresses are known before anybody is: a browser would say "page not found" to who has yet to sign in.
    page = st.navigation(list(pages.values()), position="hidden")
    check_host(_named_hosts())
    sign_in()
    bar(pages, page.url_path or home)
    with told():
        engine()
        claim()
        address.arrive(page.url_path)
        above = st.container()
        forget()
        live.whole(page.run)
        offer(above)
    sign_out()
    _freeze()
