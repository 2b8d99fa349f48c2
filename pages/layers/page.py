"""Layers: which can be spared, how allocations share the removal, and where scorers disagree."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.choices.setting import Setting
from pages.layers import disagreement, scan, sharing
from pages.shared import state
from pages.shared.controls import controls
from pages.shared.live import live
from pages.shared.plain import plain
from pages.shared.profile import profile_of
from pages.shared.server import EMBEDDED
from pages.shared.weights import say_absent
from pruning.criteria.kinds import scorers
from pruning.results.charts.words import tip
from pruning.zoo.kinds import models

TITLE, ICON, GROUP, PLACE = "Layers", ":material/layers:", "Explore", 30


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    state.begin_with(Setting(model=EMBEDDED))  # the smallest: everything is there within seconds
    setting, changes = state.current()
    setting = controls(setting)
    for sentence in changes:
        st.warning(plain(sentence), icon=":material/link_off:")
    profile = profile_of(setting.at(0))  # one profile answers all levels
    st.header(f"Which layers of {models[setting.model].label} can be spared?", anchor=False)
    if profile.value is None:
        state.publish(setting)
        if profile.error:
            st.info(plain(profile.error), icon=":material/info:")
        else:
            live(partial(_waiting, setting), "waiting", True)
        return
    names = list(profile.value["layers"])
    pending = scan.answer(setting, len(names)).pending
    live(partial(scan.panel, setting, len(names)), "scan_part", pending, page=False)
    st.subheader("How do the allocations share it?", anchor=False, help=tip("allocation"))
    live(partial(sharing.panel, setting), "allocations_part", sharing.busy(setting), page=False)
    st.subheader("Where do two scorers disagree?", anchor=False)
    left, right = st.columns(2)
    with left:
        layer = disagreement.layer_choice(setting, names)
    setting = setting.model_copy(update={"layer": layer})
    with right:
        other = disagreement.other_scorer(setting)
    if other is None:
        st.info(f"{scorers[setting.scorer].label} is a solver: it gives masks for one level, and no scores.")
    else:
        pair = partial(disagreement.pair, setting, layer, other)
        live(pair, "pair_part", disagreement.busy_pair(setting, layer, other), page=False)
    st.subheader("Do the scorers agree?", anchor=False)
    pending = disagreement.matrix_answer(setting).pending
    live(partial(disagreement.matrix, setting, names), "matrix_part", pending, page=False)
    state.publish(setting)


def _waiting(setting: Setting) -> bool:
    st.caption("Scoring and ranking the weights …")
    say_absent(setting.model)
    found = profile_of(setting.at(0))
    return found.table is None and not found.error


if __name__ == "__main__":
    page()
