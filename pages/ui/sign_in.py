"""Signing in, where ``.streamlit/secrets.toml`` names a provider (OpenID Connect); else everybody may come in."""

from __future__ import annotations

import streamlit as st


def sign_in() -> None:
    """Ask for a sign-in where one is needed, and draw nothing else then."""
    if getattr(st.user, "is_logged_in", None) is False:  # absent where no provider is named
        st.header("See what pruning does to a neural network")
        st.write("This server asks who you are before it shows anything.")
        st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login)
        st.stop()
