"""Work in the background: start a study, see how it stands, stop jobs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.ui.server import engine, owner, store
from pruning.engine import JobView
from pruning.errors import PruningError
from pruning.specs import Study


def begin(study: Study, name: str = "") -> None:
    """Ask for a study in the background; with a name it is listed under Runs.

    Raises:
        PruningError: the engine or the store cannot take it.
    """
    engine().submit(study, owner=owner(), durable=True)
    if name:
        store().keep_run(study.model_dump_json(), owner=owner(), name=name, kept=False, seconds=0.0, summary={})


def job(study: Study) -> JobView | None:
    """How a study stands, if anybody asked for it."""
    try:
        return engine().view(study.key)
    except PruningError:
        return None


def stop(jobs: Sequence[JobView]) -> None:
    """Cancel: the last jobs first, so that none of them starts while the others are being cancelled."""
    for job in reversed(jobs):
        try:
            engine().cancel(job.id, owner())
        except PruningError as error:
            st.warning(str(error))
