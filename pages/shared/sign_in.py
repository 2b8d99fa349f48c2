"""Signing in, where ``.streamlit/secrets.toml`` names a provider (OpenID Connect); else everybody may come in."""

from __future__ import annotations

from importlib.util import find_spec

import streamlit as st

from pages.shared import persons
from pages.shared.plain import plain
from pages.shared.streamlit_internals import credentials_lack

NEEDED = ("authlib", "httpx")
"""What Streamlit imports only when somebody signs in: without one of them each click would end in an error page."""


def stranger() -> bool:
    """Whether somebody has still to sign in; nobody has where no provider is named."""
    return getattr(st.user, "is_logged_in", None) is False


def sign_in() -> None:
    """Ask for a sign-in where one is needed, and draw nothing else then."""
    if stranger():
        st.header("See what pruning does to a neural network")
        st.write("This server asks who you are before it shows anything.")
        if why := lacking():
            st.error(f"Nobody can sign in until whoever runs this server has mended this: {why}")
        else:
            st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login)
        st.stop()
    if persons.signed_in() and not persons.who():
        st.error("The provider that you signed in with did not say who you are (issuer and subject): nothing is shown.")
        sign_out()
        st.stop()


def lacking() -> str:
    """What signing in needs and this server does not have; "" when it has all."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        return f"Python cannot import {' and '.join(missing)}. `pip install -r requirements.txt` brings it."
    return credentials_lack()


def sign_out() -> None:
    """Who is signed in, and the way out, at the foot of each page: people share the computers of a class."""
    if getattr(st.user, "is_logged_in", False):
        row = st.container(horizontal=True, vertical_alignment="center", key="signed_in")
        name = getattr(st.user, "email", None) or getattr(st.user, "name", None) or "somebody"
        row.caption(f"Signed in as {plain(name)}")
        row.button("Sign out", type="tertiary", icon=":material/logout:", on_click=st.logout)
