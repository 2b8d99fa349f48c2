"""Faults that cannot be made from outside without being root: a database that does not answer, a disk that is full.

Importing this makes the process look, at each statement and each written file, whether the fault is on: a file of that
name in the folder that ``PRUNING_FAULTS`` names. Server and workers of ``faults.py`` import it; the program never does.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa

FOLDER = Path(os.environ["PRUNING_FAULTS"])


def _on(name: str) -> bool:
    return (FOLDER / name).exists()


@sa.event.listens_for(sa.Engine, "do_execute")
def _execute(_cursor: Any, statement: str, _parameters: Any, context: Any) -> None:
    """Raise what SQLite's driver would raise; the statement is not executed then. PostgreSQL really goes away, and has
    a disk of its own."""
    if context.dialect.name != "sqlite":
        return
    if _on("database"):
        raise sqlite3.OperationalError("unable to open database file")
    if _on("disk") and not statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
        raise sqlite3.OperationalError("database or disk is full")


_fsync = os.fsync


def _full(handle: int) -> None:
    """A full disk shows at the latest when what was written is flushed."""
    if _on("disk"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    _fsync(handle)


os.fsync = _full


def run(study: Any, store: Any, progress: Any) -> Any:
    """What workers do: the program's own task."""
    from pruning.study.run import run as task

    return task(study, store, progress)
