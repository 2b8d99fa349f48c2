"""Before and after: the finding, the numbers, the layers, and the times beside what the operations promise."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.ui.layers_work import offer, progress
from pages.ui.show import show
from pages.ui.structure_work import REPEAT, Answers, answers, latency_study
from pruning.charts.head_grid import head_grid
from pruning.charts.latency_bars import latency_bars
from pruning.charts.structure_bars import structure_bars
from pruning.charts.words import tip
from pruning.links import Setting
from pruning.sentences import amount, interval
from pruning.structure_tables import (
    finding,
    heads_frame,
    latency_frame,
    layers_frame,
    theory,
    times,
    verdicts,
)


def _shown(setting: Setting, found: Answers) -> tuple[dict[str, Any] | None, dict[str, Any] | None, bool]:
    """Structure and times to show; while new ones come the old ones of this network stay, dimmed."""
    if found.structure.value is not None and "layers" in found.structure.value:
        latency = found.latency.value if found.latency.value and found.latency.value.get("rows") else None
        st.session_state["structure_last"] = (setting.model, setting.granularity, found.structure.value, latency)
        return found.structure.value, latency, False
    model, unit, structure, latency = st.session_state.get("structure_last", ("", "", None, None))
    same = (model, unit) == (setting.model, setting.granularity)
    return (structure, latency, True) if same and not found.structure.error else (None, None, False)


def numbers(setting: Setting) -> bool:
    """The headline and what it is made of; returns whether something is under way."""
    found = answers(setting)
    value = found.structure.value if found.structure.value and "layers" in found.structure.value else None
    latency = found.latency.value if found.latency.value and found.latency.value.get("rows") else None
    st.header(finding(setting, value, latency), anchor=False)
    if found.structure.error:
        st.info(found.structure.error, icon=":material/info:")
        return False
    value, _, old = _shown(setting, found)
    if value is None:
        st.caption("Taking the masked units out, and proving that the outputs stay the same …")
        return found.pending
    with st.container(horizontal=True, key="old_structure_numbers" if old else "structure_numbers", gap="medium"):
        counts = (
            ("Parameters", "parameters", lambda n: f"{n:,}"),
            ("MACs an image", "macs", lambda n: f"{n / 1e6:,.2f} M"),
            ("File (safetensors)", "bytes", amount),
        )
        for label, key, word in counts:
            dense, small = value[key]["dense"], value[key]["small"]
            said = f"{times(dense / max(small, 1))} less than {word(dense)}"
            st.metric(label, word(small), said, delta_color="off", delta_arrow="off")
        _accuracy(found)
    return found.pending


def _accuracy(found: Answers) -> None:
    """What it costs before training again; the small network's accuracy is the masked one's."""
    value = found.accuracy.value
    if value is not None and "correct" in value:
        st.metric(
            f"Accuracy, {value['count']:,} test images", interval(value),
            f"dense {100 * value['dense_correct'] / value['count']:.1f} %; not trained again yet", delta_color="off",
            delta_arrow="off", help=tip("Wilson interval"),
        )  # fmt: skip
    elif not found.accuracy.error:
        st.metric("Accuracy, test images", "…", "measured after the times", delta_color="off", delta_arrow="off")


def charts(setting: Setting) -> bool:
    """Layers on the left, times on the right; returns whether something is under way."""
    found = answers(setting)
    value, latency, old = _shown(setting, found)
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
            st.dataframe(table, hide_index=True, key="structure_left")


def _times(setting: Setting, found: Answers, latency: dict[str, Any] | None, old: bool) -> None:
    """Measured times beside the theory, and in words which differences are real."""
    if latency is not None:
        chart = latency_bars(latency_frame(latency), theory(latency["macs"]), latency["threads"])
        show(chart, "latency", width=470, dim=old)
        st.markdown("\n".join(f"- {sentence}" for sentence in verdicts(latency)))
        threads = f"{latency['threads']} thread{'s' if latency['threads'] > 1 else ''}"
        st.caption(
            f"Median and quartiles of passes in float32 on {latency['device'].upper()}, warm, {threads}, the three "
            f"networks by turns in one run; measured on {latency['machine']}. A difference counts if it is larger "
            "than the distance of the quartiles."
        )
        if not (old or found.pending) and st.button(
            "Measure again", key="latency_again", icon=":material/replay:", type="tertiary",
            help="Other work on the machine spreads the times: measure anew when it is quiet.",
        ):  # fmt: skip
            st.session_state[REPEAT] = st.session_state.get(REPEAT, 0) + 1
            st.rerun()
    elif found.latency.pending:
        st.caption("Timing the dense, the masked and the small network by turns …")
    progress(found.latency, "Timing", "latency")
    if not old:
        offer(latency_study(setting), found.latency, "Measure the times", None, "latency_start")
