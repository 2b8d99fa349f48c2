"""Errors of ours as the sentence that they are, wherever on a page they come up."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import streamlit as st

from pages.shared.plain import plain
from pruning.common.errors import PruningError


@contextmanager
def told() -> Generator[None]:
    """What is done here ends, where the store or anything else of ours fails, with the sentence on the page. Streamlit
    would say that there was an error, and nothing of it."""
    try:
        yield
    except PruningError as error:
        st.error(plain(str(error)), icon=":material/error:")
