"""Layers: which can be spared, how allocations share the removal, and where scorers disagree."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.ui import layers, layers_allocations, layers_scan, layers_scorers, state
from pages.ui.controls import controls
from pages.ui.entry import framed, start
from pages.ui.live import live
from pages.ui.server import EMBEDDED
from pruning import registry
from pruning.charts.words import tip
from pruning.links import Setting


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    state.begin_with(Setting(model=EMBEDDED))  # the smallest: everything is there within seconds
    setting, changes = state.current()
    setting = controls(setting)
    for sentence in changes:
        st.warning(sentence, icon=":material/link_off:")
    profile = layers.profile_of(setting.model_copy(update={"sparsity": 0}))  # one profile answers all levels
    st.header(f"Which layers of {registry.models[setting.model].label} can be spared?", anchor=False)
    if profile.value is None:
        state.publish(setting)
        if profile.error:
            st.info(profile.error, icon=":material/info:")
        else:
            live(partial(_waiting, setting), "waiting", True)
        return
    names = list(profile.value["layers"])
    pending = layers_scan.answer(setting, len(names)).pending
    live(partial(layers_scan.panel, setting, len(names)), "scan_part", pending, page=False)
    st.subheader("How do the allocations share it?", anchor=False, help=tip("allocation"))
    live(partial(layers_allocations.panel, setting), "allocations_part", layers_allocations.busy(setting), page=False)
    st.subheader("Where do two scorers disagree?", anchor=False)
    left, right = st.columns(2)
    with left:
        layer = layers_scorers.layer_choice(setting, names)
    setting = setting.model_copy(update={"layer": layer})
    with right:
        other = layers_scorers.other_scorer(setting)
    if other is None:
        st.info(f"{registry.scorers[setting.scorer].label} is a solver: it gives masks for one level, and no scores.")
    else:
        pair = partial(layers_scorers.pair, setting, layer, other)
        live(pair, "pair_part", layers_scorers.busy_pair(setting, layer, other), page=False)
    st.subheader("Do the scorers agree?", anchor=False)
    pending = layers_scorers.matrix_answer(setting).pending
    live(partial(layers_scorers.matrix, setting, names), "matrix_part", pending, page=False)
    state.publish(setting)


def _waiting(setting: Setting) -> bool:
    st.caption("Scoring and ranking the weights …")
    found = layers.profile_of(setting.model_copy(update={"sparsity": 0}))
    return found.table is None and not found.error


if framed():
    page()
else:
    start()
