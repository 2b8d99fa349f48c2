"""Work that takes minutes: a page that asks for it gets a button, and opening a link starts none of it."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared import jobs
from pages.shared.answers import COSTLY
from pages.shared.estimates import Estimate
from pages.shared.offers import button


def forget() -> None:
    """A page is about to be drawn: what the last one asked for is no matter any more."""
    st.session_state[COSTLY] = {}


def offer(place: DeltaGenerator) -> None:
    """The button for all that the page asked for and that does not start by itself."""
    wanted = st.session_state.get(COSTLY, {})
    if not wanted:
        return
    with place:
        time = Estimate(sum(seconds for _study, seconds in wanted.values()), rough=True)
        studies = [study for study, _seconds in wanted.values()]
        button("Compute it in the background", partial(jobs.begin_all, studies), "costly_start", time)
