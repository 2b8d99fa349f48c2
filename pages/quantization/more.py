"""What takes longer: accuracy against bits, int8 in ONNX Runtime, and the files to be downloaded."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.choices.commands import opening
from pages.choices.quantization import Formats
from pages.choices.setting import Setting
from pages.quantization.work import points, runtime_values
from pages.shared.jobs import begin_all, made, mean_share, progress
from pages.shared.offers import TITLE, button
from pages.shared.plain import plain
from pages.shared.show import show
from pages.shared.standing import Standing
from pruning.results.charts.bits_curve import bits_curve
from pruning.results.quantization import curve_frame, runtime_frame, runtime_sentence
from pruning.study.study import MeasureSpec

WAIT = 300
"""Seconds that a file may take."""


def busy(setting: Setting, formats: Formats) -> bool:
    """Whether a button of this part was pressed and its work goes on."""
    return any(now.running for _, now in (points(setting, formats), runtime_values(setting, formats)))


def curve(setting: Setting, formats: Formats) -> bool:
    """Accuracy against bits, or the button that asks for it."""
    st.subheader("How few bits are enough?", anchor=False)
    found, now = points(setting, formats)
    if found:
        show(bits_curve(curve_frame(found), formats.bits), "bits", width=TITLE)
    return _work(now, "Measure the curve: 2 to 8 bits, both roundings", "Rounding and counting", "bits")


def runtime(setting: Setting, formats: Formats) -> bool:
    """float32 and int8 side by side in ONNX Runtime."""
    st.subheader("And where fewer bits compute faster?", anchor=False)
    st.caption(
        "In ONNX Runtime weights *and* activations in 8 bits are computed with: static quantization, a scale for each "
        "output channel, calibrated on 256 training images. Weights use 7 of the 8 bits, since processors without VNNI "
        "saturate with all 8. Both files are of the network before its weights are rounded."
    )
    (whole, int8, times), now = runtime_values(setting, formats)
    if whole or int8:
        st.dataframe(runtime_frame(whole, int8, times), hide_index=True, placeholder="–", key="runtime")
        if said := runtime_sentence(whole, int8, times):
            st.markdown(said)
    if times:
        threads = f"{times['threads']} thread{'s' if times['threads'] > 1 else ''}"
        st.caption(f"Median and quartiles of passes by turns in one run, CPU, {threads}, on {times['machine']}.")
    label = "Time them on this machine" if whole and int8 else "Run and time both in ONNX Runtime"
    return _work(now, label, "Exporting, running, timing", "runtime")


def _work(now: Standing, label: str, what: str, key: str) -> bool:
    """How far it is and the way to stop it, or the button that starts it; returns whether it is under way."""
    if now.running:
        progress(now.running, mean_share(now.running), f"{what} …", f"cancel_{key}")
    elif now.lacking:
        for error in now.errors:
            st.info(plain(error), icon=":material/info:")
        button(label, partial(begin_all, now.lacking), f"{key}_start")
    return bool(now.running)


def downloads(setting: Setting, formats: Formats) -> None:
    """The packed file, and the int8 file for ONNX Runtime."""
    st.subheader("Take it home", anchor=False)
    row = st.container(horizontal=True)
    name = f"{setting.model}-{formats.half if formats.bits == 16 else f'{formats.bits}bit'}"
    packed = formats.study(setting, MeasureSpec(name="quantized_file"))
    row.download_button(
        "Packed weights (safetensors)",
        partial(made, packed, WAIT),
        f"{name}.safetensors",
        on_click="ignore",
        key="packed",
        icon=":material/download:",
        help="Read by pruning.compression.quantization.packing.opened; size only.",
    )
    for precision in ("int8", "float32"):
        study = formats.whole(setting, MeasureSpec(name="runtime_file", options={"precision": precision}))
        row.download_button(
            f"ONNX, {precision}",
            partial(made, study, WAIT),
            f"{setting.model}-{precision}.onnx",
            on_click="ignore",
            key=f"onnx_{precision}",
            icon=":material/download:",
        )
    st.code(opening(f"{setting.model}-int8.onnx", setting.base), language="python")
