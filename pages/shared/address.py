"""The words of the address: which of them a link brought, what of it could not be used, and what a page writes.

A page keeps under its own name what it wrote last, and so tells a link from its own words.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared.streamlit_internals import came_back
from pruning.common.limits import ADDRESSES

WRITTEN, PLACE = "addresses", "addresses_page"


def words() -> dict[str, str]:
    """All words of the address."""
    return {name: str(value) for name, value in st.query_params.items()}


def arrive(page: str) -> None:
    """A page is about to be drawn: words that were written before the person left it for another are a link now."""
    if st.session_state.get(PLACE) != page:
        st.session_state[PLACE] = page
        st.session_state.pop(WRITTEN, None)


def write(found: Mapping[str, str]) -> None:
    """Put words into the address of the browser, in place of those that are there, which were read by now."""
    now, new = words(), dict(found)
    before: list[dict[str, str]] = st.session_state.get(WRITTEN, [])
    kept = [one for one in before if one not in (now, new)]
    st.session_state[WRITTEN] = [*kept, now, new][-ADDRESSES:]
    if now != new:
        st.query_params.from_dict(new)


def own(found: Mapping[str, str]) -> bool:
    """Whether this session wrote or read these words on this page. A browser that has not heard of newer ones yet sends
    them with what a person did meanwhile: a slider that is moved twice within the time of one answer. Who comes back to
    the same words by the browser's button means them."""
    return not came_back() and found in st.session_state.get(WRITTEN, [])


def fresh(page: str) -> dict[str, str]:
    """The words of a link that this session did not write itself (a first visit, the back button); else none.

    Words that a page with the session's one setting wrote last are that page's: this session came from there.
    """
    found = words()
    last = st.session_state.get("words"), st.session_state.get(f"{page}_words")
    return {} if found in last or own(found) else found


def changed(page: str, sentences: list[str]) -> list[str]:
    """A link was read: keep what of it had to be changed, each in a sentence, and return it."""
    st.session_state[f"{page}_changes"] = sentences
    st.session_state.pop(f"{page}_words", None)
    return sentences


def changes(page: str) -> list[str]:
    """What of the last link had to be changed, until the person goes on."""
    return st.session_state.get(f"{page}_changes", [])


def publish(page: str, found: Mapping[str, str]) -> None:
    """Write what a page shows into the address; where that is new, the person went on, and what the link said is
    history."""
    if st.session_state.get(f"{page}_words", found) != found:
        st.session_state[f"{page}_changes"] = []
    write(found)
    st.session_state[f"{page}_words"] = found
