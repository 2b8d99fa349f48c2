"""Curves: criteria, granularities and allocations side by side, and whether their differences are more than luck."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.curves import controls, pairs, panel, state, verdicts
from pages.shared.live import live
from pages.shared.plain import plain
from pruning.results.charts.curve_looks import CHOICES
from pruning.zoo.kinds import models

TITLE, ICON, GROUP, PLACE = "Curves", ":material/show_chart:", "Explore", 20


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    view, changes = state.current()
    with st.sidebar:
        view = controls.images(controls.shared(view))
        st.divider()
        controls.builder(view)
    for sentence in changes:
        st.warning(plain(sentence), icon=":material/link_off:")
    st.header(f"{models[view.model].label}: which criterion keeps accuracy longest?", anchor=False)
    key = state.keep("axis", view.axis)
    axis = st.segmented_control(
        "Horizontal axis",
        list(CHOICES),
        default=state.first("axis"),
        format_func=CHOICES.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    view = view.model_copy(update={"axis": axis})
    state.publish(view)
    if not view.curves:
        st.info("No curve is on the chart yet: add one of these, or any method at the left.", icon=":material/info:")
        controls.suggestions(view)
        return
    live(partial(panel.panel, view), "curves_live", panel.begin(view))
    controls.suggestions(view)
    with st.expander(f"Curves on the chart ({len(view.curves)})"):
        controls.listed(view)
    if len(view.curves) > 1:
        st.subheader("Is the difference real, or luck?", anchor=False)
        view = pairs.level(view)
        live(partial(pairs.pairs, view), "pairs_live", verdicts.busy(view))
    state.publish(view)


if __name__ == "__main__":
    page()
