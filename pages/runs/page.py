"""Runs: what people kept, and what took real work."""

from __future__ import annotations

import streamlit as st

from pages.runs import removal, several
from pages.runs import table as runs_table
from pages.runs.owners import whose
from pages.shared.server import owner, store
from pruning.common.limits import RUNS_LISTED
from pruning.results.csv_files import csv_bytes

TITLE, ICON, GROUP, PLACE = "Runs", ":material/history:", "Yours", 100


def page() -> None:
    """Search, choose, open, compare, note, delete."""
    st.header("Runs", anchor=False)
    removal.undo()
    total = store().count_runs()
    if not total:
        _teach()
        return
    st.caption(
        "Settings that people kept, and work that took time; slider moves are not listed. Click a column's head to "
        "sort, tick rows to open, compare or delete them."
    )
    words = st.text_input(
        "Search", key="runs_search", placeholder="model, scorer, name or note …", icon=":material/search:"
    )
    runs_table.refresh(words)
    table = store().runs(words=words)
    table["owner"] = whose(table["owner"], owner())
    if total > RUNS_LISTED:
        st.caption(f"Of {total:,} runs the latest {len(table):,} with these words are listed: search for older ones.")
    row = st.container(horizontal=True)
    models = row.multiselect("Model", sorted(table["model"].unique()), key="runs_model")
    scorers = row.multiselect("Scorer", sorted(table["scorer"].unique()), key="runs_scorer")
    kind = row.segmented_control("Show", ["all", "kept", "computed"], default="all", key="runs_kind", required=True)
    found = runs_table.matching(table, words, models, scorers, str(kind))
    chosen = runs_table.choose(found)
    st.download_button(
        f"CSV of {len(found)} runs",
        csv_bytes(found),
        "runs.csv",
        "text/csv",
        on_click="ignore",
        key="runs_csv",
        icon=":material/download:",
    )
    if not chosen:
        return
    st.divider()
    if len(chosen) == 1:
        runs_table.one(chosen[0])
    else:
        several.several(chosen)


def _teach() -> None:
    """An empty page says how it is filled."""
    st.info(
        "Nothing here yet. On the page **Prune**, choose a setting and press **Keep under Runs**: it is listed here "
        "with its accuracy, and opens again with one click, also after the server was restarted.",
        icon=":material/bookmarks:",
    )
    if st.button("Go to Prune", key="runs_go"):
        st.switch_page("pages/prune/page.py")


if __name__ == "__main__":
    page()
