"""Data of one's own: what was added, and the form that adds a zip of pictures, arrays or a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.models.work import DATA, Looking
from pages.shared.live import live
from pages.shared.plain import plain
from pages.shared.server import operator, owner
from pages.shared.uploads import OFF, allowed
from pruning.common.errors import PruningError
from pruning.common.limits import OWN_MB
from pruning.zoo.kinds import SPLITS
from pruning.zoo.own_data import kept

PREFIX, WORK = "data_", "data_work"
TYPES = ["zip", "npz", "npy", "csv", "tsv", "parquet"]
UPLOAD, HERE = "a file that I send", "a folder or file on this machine"
NOTHING = "Nothing here yet. A zip with one folder of pictures for each class is enough: splits are made from it."


def panel() -> None:
    """The list, the form, and what became of it."""
    found = kept.cards()
    if found:
        st.dataframe(_table(found), hide_index=True, placeholder="–", key="data_table")
        st.caption(f"{kept.used(owner()) / 1e6:,.0f} of your {OWN_MB:,} MB are taken.")
        _remove(list(found))
    else:
        st.caption(NOTHING)
    st.subheader("Add data", anchor=False)
    wish, content = _form()
    work: Looking | None = st.session_state.get(WORK)
    busy = work is not None and work.look() is None
    if st.button(
        "Read and keep it", type="primary", disabled=wish is None or busy, icon=":material/add:", key=PREFIX + "add"
    ):
        assert wish is not None
        st.session_state[WORK] = work = Looking.begin(wish, content, DATA)
    live(_said, PREFIX + "said", work is not None and work.look() is None)


def _table(found: dict[str, dict[str, Any]]) -> pd.DataFrame:
    rows = [
        {
            "name": f"own:{name}",
            "what": said["summary"],
            **{split: sum(said["counts"][split].values()) for split in SPLITS},
            "left out": said["left_out"],
            "for": "everybody" if said.get("shared") or not said.get("owner") else "you alone",
            "added": said["added"][:10],
        }
        for name, said in found.items()
    ]
    return pd.DataFrame(rows)


def _remove(names: list[str]) -> None:
    with st.popover("Remove data", icon=":material/delete:", key=PREFIX + "remove"):
        name = str(st.selectbox("Which", names, key=PREFIX + "chosen", format_func=lambda one: f"own:{one}"))
        st.caption("What was measured on it stays under Runs, as a record.")
        if st.button("Remove it", key=PREFIX + "remove_now", type="primary"):
            try:
                kept.remove(name)
            except PruningError as error:
                st.error(plain(error), icon=":material/error:")
            else:
                st.rerun()


def _form() -> tuple[dict[str, Any] | None, bytes | None]:
    """What is asked for, and the file that was sent; no wish while something is missing."""
    left, right = st.columns(2, gap="large")
    ways = [*([UPLOAD] if allowed() else []), *([HERE] if operator() else [])]
    wish: dict[str, Any] = {"owner": owner()}
    content: bytes | None = None
    with left:
        if not ways:
            st.caption(OFF)
            return None, None
        way = st.segmented_control("Data", ways, default=ways[0], required=True, key=PREFIX + "way")
        if way == UPLOAD:
            sent = st.file_uploader(
                "Zip of pictures (one folder for each class), arrays of numpy, or a table", type=TYPES, key="data_file"
            )
            if sent is not None:
                content, wish["called"], wish["source"] = sent.getvalue(), sent.name, sent.name
        elif path := st.text_input("Path", key=PREFIX + "path", placeholder="/home/me/photographs").strip():
            wish["source"] = str(Path(path).expanduser())
    with right:
        wish["name"] = st.text_input("Name of the data", key=PREFIX + "name", placeholder="photographs").strip()
        if str(wish.get("source", "")).endswith((".csv", ".tsv", ".parquet", ".npy")):
            wish["column"] = st.text_input(
                "Column of the labels (empty: 'label', 'target', or the last)", key="data_column"
            )
        wish["shared"] = st.toggle(
            "Everybody on this server may use this data", value=owner() == "local", key=PREFIX + "shared"
        )
    return (wish if "source" in wish and wish["name"] else None), content


def _said() -> bool:
    """How it stands, or what was found; returns whether it is under way."""
    work: Looking | None = st.session_state.get(WORK)
    if work is None:
        return False
    answer = work.look()
    if answer is None:
        row = st.container(horizontal=True, vertical_alignment="center")
        row.caption(f"Reading every example, apart from this program: {work.seconds:.0f} s")
        if row.button("Cancel", key=PREFIX + "cancel"):
            work.stop()
            st.session_state.pop(WORK)
            return False
        return True
    if "error" in answer:
        st.error(plain(answer["error"]), icon=":material/error:")
        return False
    said = answer["said"]
    st.success(f"Kept as {plain(said['name'])}: it is in every list of data now.", icon=":material/check:")
    for sentence in said["sentences"]:
        st.markdown(f"- {plain(sentence)}")
    return False
