"""Recover: prune, train again in several ways on the same budget, and watch what comes back."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.ui import layers, recover_findings, recover_panel, recover_state, state
from pages.ui.controls import controls
from pages.ui.entry import framed, start
from pages.ui.live import live
from pages.ui.recover_controls import training
from pages.ui.recover_work import way
from pages.ui.server import EMBEDDED
from pruning.errors import PruningError
from pruning.links import Setting

SPARSITY = 950  # per mille: where a small network has something to recover from


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    state.begin_with(Setting(model=EMBEDDED, sparsity=SPARSITY))
    setting, changes = recover_state.current()
    setting = controls(setting)
    for sentence in changes:
        st.warning(sentence, icon=":material/link_off:")
    profile = layers.profile_of(setting)
    if profile.error:
        st.header("Recover", anchor=False)
        st.info(profile.error, icon=":material/info:")
        recover_state.publish(setting)
        return
    with st.sidebar:
        try:
            plan, names = training(setting, profile.norm)
            ways = [way(setting, plan, name) for name in names]
        except PruningError as error:
            st.error(str(error))
            recover_state.publish(setting)
            return
    if not ways:
        st.info("Choose at least one strategy at the left.", icon=":material/arrow_back:")
    panel = partial(recover_panel.panel, setting, plan, ways)
    live(panel, "recover_live", recover_panel.busy(ways), every=2.0)
    recover_findings.panel()
    recover_state.publish(setting)


if framed():
    page()
else:
    start()
