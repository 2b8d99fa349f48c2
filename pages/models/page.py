"""Models: networks and data of one's own, added from a library or a file, looked at, kept, removed."""

from __future__ import annotations

import streamlit as st

from pages.models import adding, data, listed

TITLE, ICON, GROUP, PLACE = "Models", ":material/upload_file:", "Yours", 95


def page() -> None:
    """What was added, one of them in full, and the way to add another."""
    st.header("Bring your own network and data", anchor=False)
    networks, examples = st.tabs(["Networks", "Data"])
    with networks:
        listed.panel()
        st.divider()
        adding.panel()
    with examples:
        data.panel()


if __name__ == "__main__":
    page()
