"""Work in the background: start a study, see how it stands, stop jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from pages.ui.server import engine, owner, person, store
from pruning.engine import JobView
from pruning.errors import PruningError
from pruning.specs import Study


def begin(study: Study, name: str = "") -> None:
    """Ask for a study in the background; with a name it is listed under Runs, and opens on Prune.

    Raises:
        PruningError: the engine or the store cannot take it.
    """
    engine().submit(study, owner=owner(), durable=True, person=person())
    if name:
        _keep(study, name, {})


def listed(study: Study, name: str, page: str, words: Mapping[str, str]) -> None:
    """List a study that was begun under Runs, as work of a page of its own.

    Args:
        page: the file in ``pages/`` that opens it, without its ending.
        words: the words of that page's address.

    Raises:
        PruningError: the store cannot take it.
    """
    _keep(study, name, {"page": page, "link": urlencode(words)})


def _keep(study: Study, name: str, summary: dict[str, str]) -> None:
    store().keep_run(study.model_dump_json(), owner=owner(), name=name, kept=False, seconds=0.0, summary=summary)


def job(study: Study) -> JobView | None:
    """How a study stands, if anybody asked for it."""
    try:
        return engine().view(study.key)
    except PruningError:
        return None


def made(study: Study, timeout: float) -> bytes:
    """The file that a worker makes for a download, or a sentence in its place. For a download's own thread, which knows
    no session: each download takes its own turn."""
    for last in (False, True):
        try:
            job = engine().submit(study, owner="download", durable=False, person=study.key)
            view = engine().wait(job, timeout=timeout)
            if not view.rows:
                return f"{view.error or 'The file could not be made in time; try again.'}\n".encode()
            return Path(view.rows[0]["value"]["path"]).read_bytes()
        except FileNotFoundError:  # made long ago, and cleaned up since
            engine().forget(study.key)
            if last:
                return b"The file was cleaned up before it could be read; try again.\n"
        except PruningError as error:
            return f"{error}\n".encode()
    raise AssertionError("unreachable")


def stop(jobs: Sequence[JobView]) -> None:
    """Cancel: the last jobs first, so that none of them starts while the others are being cancelled."""
    for job in reversed(jobs):
        try:
            engine().cancel(job.id, owner())
        except PruningError as error:
            st.warning(str(error))
