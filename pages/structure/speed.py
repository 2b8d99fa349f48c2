"""What a clock says beyond one setting: the curve of speed, channel counts, sparse execution. On a button each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.choices.setting import Setting
from pages.shared.answers import known, look
from pages.shared.estimates import Estimate
from pages.shared.offers import TITLE, offer, progress
from pages.shared.server import store
from pages.shared.show import show
from pages.structure.work import STRUCTURE, curve_study, latency_study, machine_study, timing
from pruning.common.levels import percent_digits
from pruning.criteria.kinds import granularities
from pruning.results.charts.channel_times import channel_times
from pruning.results.charts.sparse_speed import sparse_speed
from pruning.results.charts.speed_curve import speed_curve
from pruning.results.speed import (
    RUNTIMES,
    clock_words,
    counts_frame,
    counts_sentences,
    curve_frame,
    curve_seconds,
    curve_sentences,
    images,
    sparse_frame,
    sparse_sentences,
)
from pruning.study.study import Study

NAMES = ("speed_curve", "channel_times", "sparse_linear")
"""The measures, in the order of the page."""


def study(setting: Setting, name: str) -> Study:
    """The study of one of them."""
    return curve_study(setting) if name == "speed_curve" else machine_study(setting, name)


def pending(setting: Setting, name: str) -> bool:
    """Whether one of them is under way."""
    return look(study(setting, name)).pending


def panel(setting: Setting, name: str) -> bool:
    """A chart and what it says, or the button that asks for it; returns whether it is under way."""
    title, draw, about, estimate = PANELS[name]
    found = look(study(setting, name))
    st.subheader(title, anchor=False)
    if found.value is not None and found.value.get("rows"):
        draw(setting, found.value)
        if not found.pending and st.button(
            "Measure again",
            key=f"{name}_again",
            icon=":material/replay:",
            type="tertiary",
            help="Other work on the machine spreads the times: measure anew when it is quiet.",
        ):
            st.session_state[f"{name}_repeat"] = st.session_state.get(f"{name}_repeat", 0) + 1
            st.rerun()
    elif not found.pending:
        st.caption(about(setting))
    progress(found, "Removing and timing" if name == "speed_curve" else "Timing", name)
    if not timing(setting, but=name):
        offer(study(setting, name), found, "Measure", estimate(setting), f"{name}_start")
    elif found.value is None and not found.pending:
        st.caption("It can be asked for when the other clock on this page has stopped: two disturb each other.")
    return found.pending


def _curve(setting: Setting, value: dict[str, Any]) -> None:
    curve, unit = curve_frame(value), granularities[setting.granularity].unit
    show(speed_curve(curve, setting.sparsity, unit, value["threads"]), "speed_curve", width=TITLE)
    _said(curve_sentences(curve), f"Dense and all small networks by turns in one run, in float32 {clock_words(value)}.")


def _curve_about(setting: Setting) -> str:
    measure = curve_study(setting).measures[0].build()
    levels = ", ".join(percent_digits(level) for level in measure.levels)
    return (
        f"{levels} % of the {granularities[setting.granularity].unit} are removed for good, and all these "
        f"networks timed beside the dense one, at {' and '.join(map(str, measure.batches))} images a pass."
    )


def _curve_estimate(setting: Setting) -> Estimate | None:
    """From what the page has measured already; None before."""
    (cell,) = setting.study(STRUCTURE).cells()
    removal = next((item.seconds for item in store().get([cell.measure_key(STRUCTURE)]).values()), None)
    latency, measure = known(latency_study(setting)), curve_study(setting).measures[0].build()
    value = latency["value"] if latency is not None else None
    seconds = curve_seconds(removal, value, len(measure.levels), measure.batches, measure.seconds)
    return None if seconds is None else Estimate(seconds)


def _counts(setting: Setting, value: dict[str, Any]) -> None:
    counts = counts_frame(value)
    show(channel_times(counts, value["full"], value["threads"]), "channel_times", width=TITLE)
    _said(
        counts_sentences(counts),
        f"Two 3x3 convolutions, {value['full']} to c to {value['full']} channels, {value['size']}x{value['size']} "
        f"pixels, {images(value['batch'])} a pass, by turns in one run, in float32 {clock_words(value)}. This is why "
        "kept channels are rounded.",
    )


def _sparse(setting: Setting, value: dict[str, Any]) -> None:
    sparse = sparse_frame(value)
    show(sparse_speed(sparse, value["features"], value["threads"]), "sparse_linear", width=TITLE)
    _said(
        sparse_sentences(sparse, value["left"]),
        f"One linear layer, {value['features']} to {value['features']}, all forms by turns in one run, in float32 "
        f"{clock_words(value)}. Zeros are the smallest weights; in blocks, the smallest blocks.",
    )


def _said(sentences: list[str], how: str) -> None:
    """What a chart says, and how it was measured."""
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
    st.caption(
        f"{how} Each round gives one ratio; the chart shows their median and quartiles. Clear differences: 5 % at "
        "least, and both quartiles on one side."
    )


def _budget(name: str, parts: str | int) -> Callable[[Setting], Estimate]:
    """The time that a question about the machine gives itself: so many seconds for each of its parts."""

    def estimate(setting: Setting) -> Estimate:
        measure = machine_study(setting, name).measures[0].build()
        return Estimate(measure.seconds) * (parts if isinstance(parts, int) else len(getattr(measure, parts)))

    return estimate


Panel = tuple[
    str, Callable[[Setting, dict[str, Any]], None], Callable[[Setting], str], Callable[[Setting], Estimate | None]
]
PANELS: dict[str, Panel] = {
    "speed_curve": ("How does speed follow the share removed?", _curve, _curve_about, _curve_estimate),
    "channel_times": (
        "Which channel counts run faster on this machine?",
        _counts,
        lambda _: "Odd and round numbers of channels between two convolutions, in PyTorch and in ONNX Runtime.",
        _budget("channel_times", len(RUNTIMES)),
    ),
    "sparse_linear": (
        "Do zeros run faster without being removed?",
        _sparse,
        lambda _: (
            "One linear layer with 50 to 99 % zeros: in the dense kernel, in compressed rows (CSR), in blocks, "
            "and as 2:4 where the hardware has it."
        ),
        _budget("sparse_linear", "batches"),
    ),
}
"""Title, drawing, what a button would do, and how long it would take."""
