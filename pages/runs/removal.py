"""Deleting runs, and taking that back."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.plain import plain
from pages.shared.server import owner, store
from pruning.common.errors import PruningError
from pruning.store.records import StoredRun

GONE, ROUND = "runs_gone", "runs_round"


def table_key() -> str:
    """The key of the table: another one after each change of its rows, so that no row is ticked that took a deleted
    one's place, and a second click in the same place deletes nothing."""
    return f"runs_table_{st.session_state.get(ROUND, 0)}"


def delete(run_ids: Sequence[str]) -> None:
    """Delete runs, and remember them for ``undo``; one that cannot be deleted is said, and stays."""
    gone: list[StoredRun] = []
    try:
        for run_id in run_ids:
            run = store().run(run_id)
            store().delete_run(run_id, owner())
            gone.append(run)
    except PruningError as error:
        st.error(plain(str(error)))
    if gone:
        _changed(gone)
        if len(gone) == len(run_ids):
            st.rerun()


def undo() -> None:
    """What was deleted last, and the button that brings it back."""
    gone: list[StoredRun] = st.session_state.get(GONE, [])
    if not gone:
        return
    what = f"'{plain(gone[0].name)}' is" if len(gone) == 1 else f"{len(gone)} runs are"
    row = st.container(horizontal=True, vertical_alignment="center", key="runs_undo_row")
    row.info(f"{what} deleted. What was measured stays stored.", icon=":material/delete:")
    if row.button("Undo", key="runs_undo", icon=":material/undo:"):
        try:
            for run in gone:
                store().bring_back(run)
        except PruningError as error:
            st.error(plain(str(error)))
            return
        _changed([])
        st.rerun()


def _changed(gone: list[StoredRun]) -> None:
    st.session_state[GONE] = gone
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
