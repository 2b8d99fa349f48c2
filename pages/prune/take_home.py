"""Share, pin, keep, reproduce, download."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import streamlit as st

from pages.choices import commands
from pages.choices.setting import Setting
from pages.shared.answers import PROFILE, SIZE, TEST, known
from pages.shared.collect import run_button
from pages.shared.jobs import job, made
from pages.shared.menu import menu
from pages.shared.plain import plain
from pages.shared.server import owner, store
from pages.shared.state import pin_words, pinned, put
from pruning.common.errors import PruningError
from pruning.results.charts.base import Chart
from pruning.study.study import MeasureSpec

HOME_FORMS = {
    "state_dict": "State dict (.pth), its own keys",
    "program": "torch.export (.pt2), PyTorch alone",
    "onnx": "ONNX",
    "safetensors": "safetensors, for this package",
}
WAIT = 120
"""Seconds that the file may take."""


def take_home(setting: Setting, charts: Mapping[str, Chart]) -> None:
    """The sidebar's last part: everything that leaves the page."""
    with st.sidebar:
        st.divider()
        _pin(setting)
        _keep(setting)
        studies = {setting.sentence(): setting.study(TEST, PROFILE, SIZE)}
        run_button("Add to report", "report_run", studies, width="stretch")
        menu("Share and reproduce", partial(_share, setting), "share", icon=":material/link:", width="stretch")
        menu("Download", partial(_download, setting, charts), "download", icon=":material/download:", width="stretch")


def _share(setting: Setting) -> None:
    """The same view and the same numbers elsewhere."""
    st.caption("The address holds the whole setting; opening it gives the same view.")
    st.code(commands.link(setting, st.context.url or ""), language=None)
    st.caption("The same numbers on the command line")
    st.code(commands.shell(setting), language="bash", wrap_lines=True)
    st.caption("and in Python")
    st.code(commands.python(setting), language="python")


def _download(setting: Setting, charts: Mapping[str, Chart]) -> None:
    """Files of the network, and of all that the page shows."""
    st.caption("The masked model: same shapes, zeros in place of the removed weights.")
    st.download_button(
        "Masked model (safetensors)",
        partial(checkpoint, setting),
        commands.file_name(setting),
        on_click="ignore",
        key="download_model",
    )
    st.code(commands.loading(setting), language="python")
    _whole(setting)
    st.caption("Every chart as SVG, PNG and PDF, its data, the study, versions and commands. Takes a while.")
    st.download_button(
        "Everything (zip)",
        partial(everything, setting, charts),
        f"{setting.model}-pruning.zip",
        "application/zip",
        on_click="ignore",
        key="download_zip",
    )


def _whole(setting: Setting) -> None:
    """The network with its masks and a model card, checked before it is handed out."""
    form = st.selectbox("With masks, a model card and a check", list(HOME_FORMS), format_func=HOME_FORMS.__getitem__)
    study = setting.study(MeasureSpec(name="take_home", options={"form": form}))
    st.download_button(
        "Network, masks and card (zip)",
        partial(made, study, WAIT),
        f"{Path(commands.file_name(setting)).stem}-{form}.zip",
        "application/zip",
        on_click="rerun",
        key="download_home",
    )
    view = job(study)
    if view is not None and view.error:
        st.caption(plain(view.error))
    elif view is not None and view.rows:
        st.caption(view.rows[0]["value"]["check"])
    else:
        st.caption("Before it is handed out, a process without this package reads the file; its numbers are compared.")


def _pin(setting: Setting) -> None:
    """Keep the current setting on the charts, to compare others with it."""
    old = pinned(setting)
    if st.button(
        "Pin as baseline" if old is None else "Pin this instead", icon=":material/push_pin:", width="stretch", key="pin"
    ):
        put(setting.model_copy(update={"pin": pin_words(setting)}))
        st.rerun()
    if old is not None:
        st.caption(f"Pinned: {old.sentence()}")
        if st.button("Unpin", key="unpin", width="stretch"):
            put(setting.model_copy(update={"pin": None}))
            st.rerun()


def _keep(setting: Setting) -> None:
    """List the setting with its numbers under Runs."""
    if st.button("Keep under Runs", icon=":material/bookmark:", width="stretch", key="keep"):
        study = setting.study(TEST)
        value = (known(study) or {}).get("value")
        summary = {"accuracy": value["correct"] / value["count"], "images": value["count"]} if value else {}
        store().keep_run(
            study.model_dump_json(), owner=owner(), name=setting.sentence(), kept=True, seconds=0.0, summary=summary
        )
        st.toast("Kept: see the page Runs.")


def checkpoint(setting: Setting) -> bytes:
    """The masked model's file, made by a worker; runs in the download's own thread."""
    return made(setting.study(MeasureSpec(name="checkpoint")), WAIT)


def everything(setting: Setting, charts: Mapping[str, Chart]) -> bytes:
    """The zip of the figures that are on the page now, their data, the study, versions and commands; without figures
    where no browser draws them, which its README says."""
    from pruning.results.report.bundle import bundle

    study = setting.study(TEST, PROFILE, SIZE).model_dump(mode="json")
    words = {"command line": commands.shell(setting), "python": commands.python(setting)}
    parts = (list(charts.values()), study, words, {}, setting.sentence())
    try:
        return bundle(*parts)
    except PruningError as error:
        return bundle(*parts, why_no_pictures=str(error))
