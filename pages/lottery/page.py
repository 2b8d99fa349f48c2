"""Lottery ticket: train, prune, rewind, and again; does the ticket beat its re-initialisation?"""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.lottery import connectivity, panel, state, work
from pages.lottery.controls import experiment
from pages.lottery.state import OWN
from pages.shared.live import live
from pages.shared.plain import plain
from pruning.common.errors import PruningError

TITLE, ICON, GROUP, PLACE = "Lottery ticket", ":material/confirmation_number:", "Retrain", 50


def page() -> None:
    """Choose what is shown, ask for it, draw."""
    st.session_state["charts"] = {}
    bundled = {one.name: one for one in work.stored()}
    changes = state.current(bundled)
    with st.sidebar:
        shown = OWN
        if bundled:
            # Who comes for the first time sees a finished experiment; a link says what it shows.
            first = OWN if st.query_params else next(iter(bundled))
            kept = st.session_state.get("lottery_kept", first)
            names = [OWN, *bundled]
            index = names.index(kept) if kept in names else 0
            words = {name: f"{name} (stored with the program)" for name in bundled}
            shown = st.radio("Shown", names, index, key="lottery_shown", format_func=lambda name: words.get(name, name))
        st.session_state["lottery_kept"] = shown
    for sentence in changes:
        st.warning(plain(sentence), icon=":material/link_off:")
    if shown in bundled:
        state.publish()
        panel.stored_panel(bundled[shown])
        return
    with st.sidebar:
        try:
            chosen = experiment()
            state.publish()
        except PruningError as error:
            st.error(plain(str(error)))
            return
    running = bool(work.look(chosen).standing.running) or connectivity.busy(chosen)
    live(partial(panel.panel, chosen), "lottery_live", running, every=2.0)


if __name__ == "__main__":
    page()
