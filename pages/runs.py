"""Runs: what people kept, and what took real work."""

from __future__ import annotations

import streamlit as st

from pages.ui.server import store

st.header("Runs", anchor=False)
st.dataframe(store().runs(), hide_index=True)
