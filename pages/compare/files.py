"""The files of an approach, to be downloaded."""

from __future__ import annotations

from pathlib import Path

from pages.compare.tasks import ApproachJob
from pages.shared import jobs
from pages.shared.jobs import job
from pages.shared.server import engine


def make(task: ApproachJob) -> None:
    """Ask for an approach's files, again where they were made long ago and cleaned up since.

    Raises:
        PruningError: the engine or the store cannot take it.
    """
    engine().forget(task.files.key)
    jobs.begin(task.files)


def files(task: ApproachJob) -> list[Path]:
    """The approach's files, where this server has made them lately."""
    view = job(task.files)
    paths = [Path(row["value"]["path"]) for row in view.rows or ()] if view is not None else []
    return list(dict.fromkeys(path for path in paths if path.is_file()))
