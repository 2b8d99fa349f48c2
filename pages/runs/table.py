"""The table of runs, and what can be done with the chosen ones."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.runs.open import opener
from pages.runs.removal import delete, table_key
from pages.shared.collect import run_button
from pages.shared.plain import plain
from pages.shared.server import engine, owner, store
from pruning.common.errors import PruningError
from pruning.common.limits import RUN_NAME, RUN_NOTE, RUNS_REFRESHED
from pruning.store.records import StoredMeasure
from pruning.study.study import Study, load_study

COLUMNS = ("created", "name", "accuracy", "sparsity", "model", "scorer", "allocation", "seconds", "note", "owner")
OLDER = "older"
"""Origin of a result whose name does not hold what pictures and downloaded weights were then."""
OLDER_WORDS = (
    "Measured before this program looked into pictures and downloaded weights: whether the same ones lie there today "
    "is not known. Open it on its page to measure it again."
)


def matching(table: pd.DataFrame, words: str, models: Sequence[str], scorers: Sequence[str], kind: str) -> pd.DataFrame:
    """The rows that hold every word somewhere, and the chosen models, scorers and kind."""
    text = table.astype(object).where(table.notna(), "").astype(str).agg(" ".join, axis=1).str.casefold()
    keep = pd.Series(True, index=table.index)
    for word in words.casefold().split():
        keep &= text.str.contains(word, regex=False)
    if models:
        keep &= table["model"].isin(models)
    if scorers:
        keep &= table["scorer"].isin(scorers)
    if kind != "all":
        keep &= table["kept"] == (kind == "kept")
    return table[keep].reset_index(drop=True)


def refresh(words: str = "") -> None:
    """Fill in what was not known when a run was listed: accuracies measured since, and how long the work took.

    A visit looks up the latest few of those that lack an accuracy, or of those that are searched for.
    """
    table = store().runs(words=words)
    if "accuracy" not in table:
        table["accuracy"] = None
    for run_id in table.loc[table["accuracy"].isna(), "id"].head(RUNS_REFRESHED):
        run = store().run(run_id)
        study = load_study(run.study)
        points = [point for point in accuracies(study) if point[3] != OLDER]
        if not points or len(points) < len(study.cells()):
            continue
        summary, seconds = dict(run.summary), run.seconds
        if len(points) == 1:
            summary |= {"accuracy": points[0][2]["correct"] / points[0][2]["count"], "images": points[0][2]["count"]}
        elif seconds == 0:
            seconds = _seconds(study)
        if (summary, seconds) != (run.summary, run.seconds):
            store().keep_run(run.study, owner=run.owner, name="", kept=run.kept, seconds=seconds, summary=summary)


def _seconds(study: Study) -> float:
    """How long the job of a study ran, if this store knows it."""
    try:
        return engine().view(study.key).seconds
    except PruningError:
        return 0.0


def choose(found: pd.DataFrame) -> list[str]:
    """Draw the table; returns the ids of the ticked rows."""
    # Not every kind of run has one accuracy, or was timed.
    event = st.dataframe(
        found.assign(seconds=found["seconds"].where(found["seconds"] > 0)),
        hide_index=True,
        placeholder="–",
        key=table_key(),
        on_select="rerun",
        selection_mode="multi-row",
        column_order=COLUMNS,
        column_config={
            "created": st.column_config.DatetimeColumn("kept", format="D MMM YYYY, HH:mm"),
            "accuracy": st.column_config.NumberColumn("accuracy (test)", format="percent"),
            "seconds": st.column_config.NumberColumn("computed in (s)", format="%.1f"),
        },
    )
    rows = event.selection.rows  # type: ignore[attr-defined]
    return [str(found["id"][row]) for row in rows if row < len(found)]


def one(run_id: str) -> None:
    """One run: open it, rename it, note something, delete it."""
    try:
        run = store().run(run_id)
    except PruningError as error:
        st.info(plain(str(error)))
        return
    st.subheader(plain(run.name), anchor=False)
    name = st.text_input("Name", run.name[:RUN_NAME], max_chars=RUN_NAME, key=f"name_{run_id}")
    note = st.text_area(
        "Note", run.note[:RUN_NOTE], max_chars=RUN_NOTE, key=f"note_{run_id}", placeholder="What did you see?"
    )
    row = st.container(horizontal=True)
    opener(row, run)
    if any(origin == OLDER for _, _, _, origin in accuracies(load_study(run.study))):
        st.caption(OLDER_WORDS)
    if row.button("Save name and note", key=f"save_{run_id}", icon=":material/save:"):
        _try(lambda: (store().rename_run(run_id, name, owner()), store().note_run(run_id, note, owner())), "Saved.")
    with row:
        run_button("Add to report", f"report_{run_id}", {run.name: load_study(run.study)})
    if row.button("Delete", key=f"delete_{run_id}", icon=":material/delete:"):
        delete([run_id])
    with st.expander("The study as JSON (for `python -m pruning run study.json`)"):
        st.code(run.study, language="json")


def accuracies(study: Study) -> list[tuple[int, str, dict, str]]:
    """What the store knows of a study's accuracies: level, variant, value, origin."""
    points = []
    spec = next((measure for measure in study.measures if measure.name == "accuracy"), None)
    if spec is None:
        return []
    keys = {cell.measure_key(spec): cell for cell in study.cells()}
    found: dict[str, tuple[StoredMeasure, str]] = {key: (item, item.origin) for key, item in store().get(keys).items()}
    lacking = [cell for key, cell in keys.items() if key not in found]
    past = {cell.measure_key(spec, older=True): cell for cell in lacking}
    found.update((key, (item, OLDER)) for key, item in store().get(past).items())
    for key, (item, origin) in found.items():
        cell = (keys | past)[key]
        variant = "recalibrated" if cell.recipe and cell.recipe[-1].kind == "recalibrate" else "pruned"
        points.append((cell.level, variant, item.value, origin))
    return points


def _try(act, done: str) -> None:
    """Do something to the store; say what came of it."""
    try:
        act()
    except PruningError as error:
        st.error(plain(str(error)))
        return
    st.toast(done)
    st.rerun()
