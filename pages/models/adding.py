"""Adding a network: where it comes from, the file, what is found in it, the name under which it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from pages.models.architectures import architecture_choice
from pages.models.work import Looking
from pages.shared.live import live
from pages.shared.plain import plain
from pages.shared.server import operator, owner
from pages.shared.uploads import OFF, allowed
from pruning.common.errors import PruningError
from pruning.zoo.added import kept
from pruning.zoo.kinds import datasets, models

PREFIX = "models_"
WORK, NEXT = "models_work", "models_next"
TYPES = ["pth", "pt", "bin", "safetensors", "ckpt"]
LIBRARY, UPLOAD, HERE = "the library's own", "a file that I send", "a file on this machine"


def panel() -> None:
    """The form, and below it the check that is under way, or what it found."""
    st.subheader("Add a network", anchor=False)
    wish, content = _form()
    work: Looking | None = st.session_state.get(WORK)
    busy = work is not None and work.look() is None
    ready = wish is not None and not busy
    if st.button("Check it", type="primary", disabled=not ready, icon=":material/fact_check:", key=PREFIX + "check"):
        assert wish is not None
        st.session_state[WORK] = work = Looking.begin(wish, content)
    live(lambda: _found(wish, content), PREFIX + "found", work is not None and work.look() is None)


def _form() -> tuple[dict[str, Any] | None, bytes | None]:
    """What is asked for, and the file that was sent; no wish while something is missing."""
    left, right = st.columns(2, gap="large")
    with left:
        architecture = architecture_choice()
    with right:
        ways = [LIBRARY, *([UPLOAD] if allowed() else []), *([HERE] if _local() else [])]
        way = st.segmented_control(
            "Weights", ways, default=ways[-1 if len(ways) < 3 else 1], required=True, key=PREFIX + "way"
        )
        wish: dict[str, Any] = {"architecture": architecture, "owner": owner()}
        content: bytes | None = None
        if way == UPLOAD:
            sent = st.file_uploader("Checkpoint: weights alone, no pickled network", type=TYPES, key=PREFIX + "file")
            if sent is not None:
                content, wish["called"] = sent.getvalue(), sent.name
        elif way == HERE:
            path = st.text_input("Path of the checkpoint", key=PREFIX + "path", placeholder="/home/me/best.pth").strip()
            if path:
                wish["weights"] = str(Path(path).expanduser())
        if not allowed():
            st.caption(OFF)
        wish["leave_out"] = st.toggle(
            "Leave out tensors that have no place in it", key=PREFIX + "rest", help="They are named by the check first."
        )
    with left:
        names = [name for name in datasets.names() if architecture is None or _fits(architecture, name)]
        wish["data"] = st.selectbox(
            "Data it was trained for",
            names,
            index=None,
            format_func=lambda name: datasets[name].label,
            key=PREFIX + "data",
            placeholder="none of these",
            help="With it, accuracy is measured and scorers see its training examples.",
        )
        stated = st.number_input("Its accuracy, as you know it (%)", 0.0, 100.0, None, key=PREFIX + "stated")
        wish["accuracy"] = None if stated is None else round(stated / 100, 6)
        names = st.text_area(
            "Names of its outputs, in their order",
            key=PREFIX + "classes",
            height=68,
            placeholder="leaf, sand, sea",
            help="With commas or a line each. Left empty: as the file says, else as the data does.",
        )
        wish["classes"] = [name.strip() for name in names.replace("\n", ",").split(",") if name.strip()]
    lacks = architecture is None or way == UPLOAD and content is None or way == HERE and "weights" not in wish
    return (None if lacks else wish), content


def _local() -> bool:
    """Whether whoever sees this page may name files of the machine that serves it."""
    return operator()


def _fits(architecture: str, data: str) -> bool:
    return models[architecture].task == datasets[data].task


def _found(wish: dict[str, Any] | None, content: bytes | None) -> bool:
    """The check, as it stands; returns whether it is under way."""
    work: Looking | None = st.session_state.get(WORK)
    if work is None:
        return False
    answer = work.look()
    if answer is None:
        row = st.container(horizontal=True, vertical_alignment="center")
        row.caption(
            f"Reading, laying onto {plain(work.wish['architecture'])}, passing zeros through: {work.seconds:.0f} s"
        )
        if row.button("Cancel", key=PREFIX + "cancel"):
            work.stop()
            st.session_state.pop(WORK)
            return False
        return True
    if "error" in answer:
        st.error(plain(answer["error"]), icon=":material/error:")
        return False
    said = answer["said"]
    if work.wish.get("name"):
        st.session_state.pop(WORK)
        st.session_state[NEXT] = work.wish["name"]
        st.rerun()
    st.success(
        f"It fits: {said['parameters']:,} parameters, {said['classes']} outputs, inputs of "
        f"{'x'.join(map(str, said['input_shape']))}.",
        icon=":material/check:",
    )
    for sentence in said["match"]["sentences"]:
        st.markdown(f"- {plain(sentence)}")
    _keep(work, wish, content)
    return False


def _keep(work: Looking, wish: dict[str, Any] | None, content: bytes | None) -> None:
    """The name, and the button that keeps what was looked at."""
    if wish != work.wish:
        st.caption("The form has changed since: check it again to keep it.")
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    name = row.text_input("Name", key=PREFIX + "name", placeholder="photos_resnet").strip()
    shared = row.toggle("Everybody on this server may use it", value=owner() == "local", key=PREFIX + "shared")
    if row.button("Keep it", type="primary", disabled=not name, key=PREFIX + "keep", icon=":material/save:"):
        try:
            kept.free(name)
        except PruningError as error:
            st.error(plain(error), icon=":material/error:")
            return
        st.session_state[WORK] = Looking.begin({**work.wish, "name": name, "shared": shared}, content)
        st.rerun()
