"""Before and after in numbers: the finding, parameters, MACs, bytes, memory of a pass, accuracy."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.choices.setting import Setting
from pages.shared.plain import plain
from pages.structure.words import finding
from pages.structure.work import StructureAnswers, answers
from pruning.common.levels import share_in_percent
from pruning.results.charts.words import tip
from pruning.results.sentences import amount, interval
from pruning.results.structure import memory_words, times


def shown(setting: Setting, found: StructureAnswers) -> tuple[dict[str, Any] | None, dict[str, Any] | None, bool]:
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
    st.header(finding(setting, value, latency, found.accuracy.value), anchor=False)
    if found.structure.error:
        st.info(plain(found.structure.error), icon=":material/info:")
        return False
    value, _, old = shown(setting, found)
    if value is None:
        st.caption("Taking the masked units out, and proving that the outputs stay the same …")
        return found.pending
    with st.container(horizontal=True, key="old_structure_numbers" if old else "structure_numbers", gap="medium"):
        counts = (
            ("Parameters", "parameters", lambda n: f"{n:,}", "fewer"),
            ("MACs an image", "macs", lambda n: f"{n / 1e6:,.2f} M", "fewer"),
            ("File (safetensors)", "bytes", amount, "smaller"),
        )
        for label, key, word, less in counts:
            dense, small = value[key]["dense"], value[key]["small"]
            said = f"{times(dense / max(small, 1))} {less} than {word(dense)}"
            _metric(label, word(small), said)
        _memory(found)
        _accuracy(found)
    return found.pending


def _metric(label: str, value: str, said: str, help: str | None = None) -> None:
    """One number, as wide as it needs, and what stands beside it."""
    st.metric(label, value, said, delta_color="off", delta_arrow="off", help=help, width="content")


def _memory(found: StructureAnswers) -> None:
    """The most bytes that a pass holds at once, at the largest batch; the others on hover."""
    value = found.memory.value
    if value is None or not value.get("rows"):
        if found.memory.pending:
            _metric("Memory of a pass", "…", "being counted")
        return
    row = value["rows"][-1]
    said = f"{times(row['dense'] / row['small'])} less than {amount(row['dense'])}"
    _metric(
        f"Memory, {row['batch']} images a pass",
        amount(row["small"]),
        said,
        help="Peak of a real pass in float32: weights, images and all tensors alive at once, without what kernels take "
        f"for themselves. {'; '.join(memory_words(value))}.",
    )


def _accuracy(found: StructureAnswers) -> None:
    """What it costs before training again; the small network's accuracy is the masked one's."""
    value = found.accuracy.value
    if value is not None and "correct" in value:
        _metric(
            f"Accuracy, {value['count']:,} test images",
            interval(value),
            f"dense {share_in_percent(value['dense_correct'], value['count'])}; not trained again yet",
            tip("Wilson interval"),
        )
    elif not found.accuracy.error:
        _metric("Accuracy, test images", "…", "measured after the times")
