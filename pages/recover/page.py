"""Recover: prune, train again in several ways on the same budget, and watch what comes back."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.choices.setting import Setting
from pages.recover import findings
from pages.recover import panel as recover_panel
from pages.recover import state as recover_state
from pages.recover.controls import training
from pages.recover.work import way
from pages.shared import state
from pages.shared.controls import controls
from pages.shared.live import live
from pages.shared.plain import plain
from pages.shared.profile import profile_of
from pages.shared.server import EMBEDDED
from pruning.common.errors import PruningError

TITLE, ICON, GROUP, PLACE = "Recover", ":material/healing:", "Retrain", 40

START = 950  # per mille: where a small network has something to recover from


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    state.begin_with(Setting(model=EMBEDDED).at(START))
    setting, changes = recover_state.current()
    setting = controls(setting)
    for sentence in changes:
        st.warning(plain(sentence), icon=":material/link_off:")
    profile = profile_of(setting)
    if profile.error:
        st.header("Recover", anchor=False)
        st.info(plain(profile.error), icon=":material/info:")
        recover_state.publish(setting)
        return
    with st.sidebar:
        try:
            plan, names = training(setting, profile.norm)
            ways = [way(setting, plan, name) for name in names]
        except PruningError as error:
            st.error(plain(str(error)))
            recover_state.publish(setting)
            return
    if not ways:
        st.info("Choose at least one strategy at the left.", icon=":material/arrow_back:")
    panel = partial(recover_panel.panel, setting, plan, ways)
    live(panel, "recover_live", recover_panel.busy(ways), every=2.0)
    findings.panel()
    recover_state.publish(setting)


if __name__ == "__main__":
    page()
