"""Before and after in pictures: the layers, and the times beside what the operations promise."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.choices.setting import Setting
from pages.shared.offers import offer, progress
from pages.shared.show import show
from pages.structure.numbers import shown
from pages.structure.work import REPEAT, StructureAnswers, answers, latency_study, timing
from pruning.results.charts.head_grid import head_grid
from pruning.results.charts.latency_bars import latency_bars
from pruning.results.charts.structure_bars import structure_bars
from pruning.results.speed import clock_words
from pruning.results.structure import heads_frame, latency_frame, layers_frame, theory, verdicts


def charts(setting: Setting) -> bool:
    """Layers on the left, times on the right; returns whether something is under way."""
    found = answers(setting)
    value, latency, old = shown(setting, found)
    if value is None:
        return found.pending
    left, right = st.columns(2, gap="medium")
    with left:
        if setting.granularity == "head" and value["heads"]:
            show(head_grid(heads_frame(value)), "heads", width=470, dim=old)
        show(structure_bars(layers_frame(value)), "structure", width=470, dim=old)
        _alone(setting, value)
    with right:
        _times(setting, found, latency, old)
    return found.pending


def _alone(setting: Setting, value: dict[str, Any]) -> None:
    """The proof, and what was left alone."""
    row = st.container(horizontal=True, vertical_alignment="center")
    far = value["difference"]
    differ = f"differ by {far:.0e} of the largest output at most" if far else "are equal"
    said = f"The small network gives the masked one's outputs: on random images they {differ}."
    if setting.granularity == "channel":
        said += (
            " The sparsity counts channels that shortcuts or depthwise convolutions join as one; the bars show those "
            "of each layer."
        )
    row.caption(said)
    if value["left"]:
        count = f"{len(value['left'])} layer{'s' if len(value['left']) > 1 else ''} left alone"
        with row.popover(count, type="tertiary", icon=":material/info:"):
            table = pd.DataFrame({"layer": list(value["left"]), "why": list(value["left"].values())})
            st.dataframe(table, hide_index=True, placeholder="–", key="structure_left")


def _times(setting: Setting, found: StructureAnswers, latency: dict[str, Any] | None, old: bool) -> None:
    """Measured times beside the theory, and in words which differences are real."""
    if latency is not None:
        chart = latency_bars(latency_frame(latency), theory(latency["macs"]), latency["threads"])
        show(chart, "latency", width=470, dim=old)
        st.markdown("\n".join(f"- {sentence}" for sentence in verdicts(latency)))
        st.caption(
            f"Median and quartiles of passes in float32 {clock_words(latency)}. The three networks are timed by turns "
            "in one run. A difference counts where the quartiles of the two do not overlap and the medians "
            "differ by 5 % at least."
        )
        if not (old or found.pending) and st.button(
            "Measure again",
            key="latency_again",
            icon=":material/replay:",
            type="tertiary",
            help="Other work on the machine spreads the times: measure anew when it is quiet.",
        ):
            st.session_state[REPEAT] = st.session_state.get(REPEAT, 0) + 1
            st.rerun()
    elif found.latency.pending:
        st.caption("Timing the dense, the masked and the small network by turns …")
    progress(found.latency, "Timing", "latency")
    if timing(setting, but="latency"):
        if latency is None:
            st.caption("These times are taken when the other clock on this page has stopped: two disturb each other.")
    elif not old:
        offer(latency_study(setting), found.latency, "Measure the times", None, "latency_start")
