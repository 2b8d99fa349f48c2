"""Prune: pick a model, a scorer and a sparsity, and see what it does."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.choices.setting import Setting
from pages.prune import accuracy, flips, layers, size
from pages.prune.following import FINDING, following
from pages.prune.take_home import take_home
from pages.shared import state
from pages.shared.controls import controls
from pages.shared.live import live
from pages.shared.plain import plain
from pages.shared.profile import profile_of
from pages.shared.weights import say_absent
from pruning.results.charts.axes import CHOICES

TITLE, ICON, GROUP, PLACE = "Prune", ":material/content_cut:", "Explore", 10


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    setting, changes = state.current()
    setting = controls(setting)
    above = st.container()
    for sentence in changes:
        above.warning(plain(sentence), icon=":material/link_off:")
    profile = profile_of(setting)
    if profile.table is None:
        _without_profile(setting, profile.error)
        return
    norm, old = profile.norm, state.pinned(setting)
    before = profile_of(old, "profile_pinned") if old is not None else None
    finding = st.container(key=FINDING)
    key = state.widget("axis", setting.axis)
    axis = st.segmented_control(
        "Horizontal axis",
        list(CHOICES),
        default=state.first("axis"),
        format_func=CHOICES.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    setting = setting.model_copy(update={"axis": axis})
    cost = st.container()
    st.subheader("Which layers give way?", anchor=False)
    # What needs no worker goes first: a browser draws what it has while the rest is on its way.
    layers.layer_panel(setting, profile.table, profile.value or {}, before.table if before is not None else None, old)
    busy = accuracy.busy(setting, norm)
    with finding:
        live(partial(accuracy.say_headline, setting, norm, profile.value), "headline", busy, page=False)
    left, right = cost.columns([3, 2], gap="medium")
    with left:
        pending = busy or accuracy.busy_curve(setting)
        live(partial(accuracy.curve_panel, setting, norm, old), "curve", pending, page=False)
    with right:
        live(partial(accuracy.accuracy_now, setting, norm), "now", busy, page=False)
    following(setting, profile)
    if old is not None and before is not None and before.table is None and not before.error:
        live(partial(_waiting, old, "profile_pinned"), "waiting_pinned", True)
    st.subheader("Inside a layer", anchor=False)
    layer = layers.layer_choice(setting, list(dict.fromkeys(profile.table["layer"])))
    setting = setting.model_copy(update={"layer": layer})
    live(partial(layers.inside, setting, layer), "inside", layers.busy_inside(setting, layer), page=False)
    st.subheader("Which images are now misclassified?", anchor=False)
    live(partial(flips.flipped, setting, norm), "flips", flips.busy(setting, norm), page=False)
    st.subheader("How large is it really?", anchor=False)
    live(partial(size.size_panel, setting, old), "size", size.busy(setting, old), page=False)
    take_home(setting, st.session_state["charts"])
    state.publish(setting)


def _without_profile(setting: Setting, error: str) -> None:
    """The model cannot be shown (yet): say why, and keep looking while it is being made."""
    state.publish(setting)
    st.header(setting.sentence(), anchor=False)
    if error:
        st.info(plain(error), icon=":material/info:")
    else:
        live(partial(_waiting, setting), "waiting", True)


def _waiting(setting: Setting, slot: str = "profile") -> bool:
    st.caption("Scoring and ranking the weights …")
    say_absent(setting.model)
    found = profile_of(setting, slot)
    return found.table is None and not found.error


if __name__ == "__main__":
    page()
