"""Several runs beside each other: their accuracies, and of two what differs in their settings."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.runs.removal import delete
from pages.runs.table import OLDER, OLDER_WORDS, accuracies
from pages.shared.collect import run_button
from pages.shared.plain import plain
from pages.shared.server import store
from pages.shared.show import show
from pruning.results.charts.runs_curves import runs_curves
from pruning.results.frames import curve_frame
from pruning.results.run_differences import differences
from pruning.store.records import StoredRun
from pruning.study.study import load_study


def several(run_ids: Sequence[str]) -> None:
    """Several runs: their accuracies side by side; delete them."""
    runs = [store().run(run_id) for run_id in run_ids]
    parts = []
    for run in runs:
        points = accuracies(load_study(run.study))
        older = any(origin == OLDER for _, _, _, origin in points)
        frame = curve_frame(points)
        parts.append(frame.assign(run=f"{run.name} (older)" if older else run.name))
    table = pd.concat(parts, ignore_index=True)
    if table.empty:
        st.info("None of these runs has a stored accuracy yet: open one on its page to measure it.")
    else:
        show(runs_curves(table), "runs_curves", width=1100)
        if (table["origin"] == OLDER).any():
            st.caption(f"Those marked *older*: {OLDER_WORDS[0].lower()}{OLDER_WORDS[1:]}")
    if len(runs) == 2:
        _differences(runs)
    run_button("Add to report", "report_many", {run.name: load_study(run.study) for run in runs})
    if st.button(f"Delete these {len(runs)} runs", key="delete_many", icon=":material/delete:"):
        delete(run_ids)


def _differences(runs: Sequence[StoredRun]) -> None:
    """Two runs beside each other: what differs in their settings."""
    first, second = (plain(run.name) for run in runs)
    second = second if second != first else f"{second} (second)"
    table = differences({name: load_study(run.study) for name, run in zip((first, second), runs, strict=True)})
    if table.empty:
        st.caption("Their settings are the same.")
        return
    st.markdown("**What differs in their settings**")
    st.dataframe(table, hide_index=True, placeholder="–", key="runs_differences")
