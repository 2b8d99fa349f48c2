"""The bar above each page: the groups, and under them the pages of the group that one is in."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.shared.navigation import grouped
from pages.shared.presenter import switch


def bar(pages: dict[str, Any], shown: str) -> None:
    """Draw it. A group's name leads to its first page; so each page is two clicks away, at any width.

    Args:
        pages: what Streamlit knows of each page, by its name.
        shown: the name of the page that is drawn.
    """
    st.session_state["pages"] = pages
    with st.container(key="bar", gap=None):
        with st.container(key="present_row", horizontal=True, horizontal_alignment="right"):
            switch()
        groups = st.container(horizontal=True, gap="small", key="bar_groups")
        for group, found in grouped().items():
            here = any(page.name == shown for page in found)
            with groups.container(width="content", key=f"bar_{'here' if here else group.lower()}"):
                st.page_link(pages[found[0].name], label=group, width="content")
            if here and len(found) > 1:
                row = st.container(horizontal=True, gap="small", key="bar_pages")
                for page in found:
                    mark = "shown" if page.name == shown else page.name
                    with row.container(width="content", key=f"bar_{mark}"):
                        st.page_link(pages[page.name], label=page.title, icon=page.icon, width="content")


def page_of(name: str) -> Any | None:
    """What Streamlit knows of a page, for a link to it; nothing where there is no such page."""
    return st.session_state.get("pages", {}).get(name)
