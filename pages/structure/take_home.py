"""The small network as a download: a file in the form that is wanted, and the lines that load it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from pages.choices.commands import SMALL_FORMS, opening, small_name
from pages.choices.setting import Setting
from pages.shared.device_kit import KitPart, onnx, zipped
from pages.shared.jobs import made
from pruning.common.hashing import digest
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.kinds import models

WAIT = 300
"""Seconds that a file may take: an ONNX export of a large network traces it twice."""


def downloads(setting: Setting) -> None:
    """One tab a form: a button and the code."""
    st.subheader("Take the small network home", anchor=False)
    st.download_button(
        "Device kit (zip)",
        partial(zipped, digest("device kit", setting.study(onnx()).key), setting.sentence(), both(setting)),
        f"{setting.model}-device-kit.zip",
        "application/zip",
        on_click="ignore",
        key="structure_kit",
        icon=":material/timer:",
        help="The dense and the small network as ONNX files, and a short script that times them on your own device "
        "with onnxruntime alone. The page Compare reads the times that it writes.",
    )
    tabs = st.tabs([label for label, _ in SMALL_FORMS.values()])
    for tab, (form, (_, about)) in zip(tabs, SMALL_FORMS.items(), strict=True):
        with tab:
            st.caption(about)
            row = st.container(horizontal=True)
            for kind in (form, "description") if form == "safetensors" else (form,):
                name = small_name(setting, kind)
                row.download_button(
                    f"Download {Path(name).suffix}",
                    partial(file, setting, kind),
                    name,
                    on_click="ignore",
                    key=f"small_{kind}",
                    icon=":material/download:",
                )
            st.code(opening(small_name(setting, form), setting.base), language="python")


def both(setting: Setting) -> list[KitPart]:
    """The dense network and the small one."""
    shape, label = setting.base.input_shape, models[setting.model].label
    dense = Study(base=setting.base, recipe=(), measures=(onnx(),))
    return [
        KitPart("dense", f"{label}, dense", dense, shape),
        KitPart(f"small-{setting.level_digits}", setting.sentence(), setting.study(onnx()), shape),
    ]


def file(setting: Setting, form: str) -> bytes:
    """The file, made by a worker; runs in the download's own thread. An error becomes the file's text."""
    study = setting.study(MeasureSpec(name="small_model", options={"form": form}))
    return made(study, WAIT)
