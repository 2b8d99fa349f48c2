"""Curves: criteria, granularities and allocations side by side, and whether their differences are more than luck."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.ui import curve_controls as controls
from pages.ui import curve_pairs, curve_panel, curve_state, curve_verdicts
from pages.ui.entry import framed, start
from pages.ui.live import live
from pruning import registry

AXES = {
    "sparsity": "sparsity, linear", "compression": "compression ratio, log", "macs": "MACs left", "bytes": "bytes left"
}  # fmt: skip


def page() -> None:
    """Read the controls, ask for results, draw."""
    st.session_state["charts"] = {}
    view, changes = curve_state.current()
    with st.sidebar:
        view = controls.images(controls.shared(view))
        st.divider()
        controls.builder(view)
    for sentence in changes:
        st.warning(sentence, icon=":material/link_off:")
    st.header(f"{registry.models[view.model].label}: which criterion keeps accuracy longest?", anchor=False)
    key = curve_state.keep("axis", view.axis)
    axis = st.segmented_control(
        "Horizontal axis", list(AXES), default=curve_state.first("axis"), format_func=AXES.__getitem__, key=key,
        required=True, label_visibility="collapsed",
    )  # fmt: skip
    view = view.model_copy(update={"axis": axis})
    curve_state.publish(view)
    if not view.curves:
        st.info("No curve is on the chart yet: add one of these, or any method at the left.", icon=":material/info:")
        controls.suggestions(view)
        return
    live(partial(curve_panel.panel, view), "curves_live", curve_panel.begin(view))
    controls.suggestions(view)
    with st.expander(f"Curves on the chart ({len(view.curves)})"):
        controls.listed(view)
    if len(view.curves) > 1:
        st.subheader("Is the difference real, or luck?", anchor=False)
        view = curve_pairs.level(view)
        live(partial(curve_pairs.pairs, view), "pairs_live", curve_verdicts.busy(view))
    curve_state.publish(view)


if framed():
    page()
else:
    start()
