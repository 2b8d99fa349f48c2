"""Durable jobs in the database: what was asked for, which server computes it, and what a dead server left behind."""

from __future__ import annotations

import os
import secrets
import socket
import time
from typing import Any

from pruning.common.errors import Missing, PruningError
from pruning.engine.health import gone
from pruning.engine.jobs import Job, JobView
from pruning.store.jobs import silent
from pruning.store.records import FINISHED, JobState, StoredJob
from pruning.store.store import Store


class Ledger:
    """This server's part of the table of jobs. Its name is ``host:process:random``, so that a server on the same
    machine can tell a dead one from a silent one."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.host = socket.gethostname()
        self.owed: dict[str, tuple[JobState, dict[str, Any]]] = {}
        self.server = f"{self.host}:{os.getpid()}:{secrets.token_hex(4)}"

    def register(self, job: Job) -> bool:
        """Write a job down. Returns True when another running server computes it: then this one waits for that."""
        row = self.store.job(job.id)
        dead = row.server if row is not None and gone(row.server) else None
        self.owed.pop(job.id, None)  # an earlier attempt at it
        return not self.store.take_job(job.id, job.study.model_dump_json(), job.owner, self.server, dead)

    def write(self, job: Job, state: JobState, traceback: str = "") -> None:
        """Write a job's state down; where the store does not answer, that is done later, see ``settle``."""
        fields: dict[str, Any] = {"started": job.started, "ended": job.ended, "done": job.done, "total": job.total}
        self.owed[job.id] = (state, fields | {"error": _plain(job.error), "traceback": _plain(traceback)})
        self.settle()

    def settle(self) -> None:
        """Write down what is still owed.

        Raises:
            StoreError: the store does not answer; nothing is forgotten.
        """
        for job_id, (state, fields) in list(self.owed.items()):
            self.store.update_job(job_id, state, **fields)
            self.owed.pop(job_id, None)

    def beat(self, progress: dict[str, tuple[float, float]]) -> None:
        """Say that this server lives, and write down what is owed."""
        self.settle()
        if progress:
            self.store.beat(self.server, progress)

    def orphans(self, known: set[str]) -> list[StoredJob]:
        """Claim the unfinished jobs whose server is dead or silent, except those that this server knows."""
        found = []
        for row in self.store.unfinished():
            if row.id not in known and self._free(row) and self._claim(row):
                found.append(row)
        return found

    def released(self, job: Job) -> bool:
        """Whether a job that another server was at may run here now (finished there, its results are in the store)."""
        row = self.store.job(job.id)
        if row is None or row.state in FINISHED:
            self.store.add_job(job.id, job.study.model_dump_json(), job.owner, self.server)
            return True
        job.done, job.total = row.done, row.total
        return self._free(row) and self._claim(row)

    def give_back(self) -> None:
        """Leave unfinished jobs to the next server."""
        self.store.give_back(self.server)

    def view(self, job_id: str) -> JobView:
        """A job that only the store knows.

        Raises:
            Missing: when the store does not know it either.
        """
        row = self.store.job(job_id)
        if row is None:
            raise Missing("This job is not known any more: ask for it again.")
        end = row.ended or time.time()
        return JobView(
            id=row.id,
            state=row.state,
            done=row.done,
            total=row.total,
            error=row.error,
            started=row.started,
            seconds=end - row.started if row.started else 0.0,
            durable=True,
            owner=row.owner,
        )

    def study(self, row: StoredJob) -> Any:
        """The study of a stored job, or None after it was marked failed because it cannot be read any more."""
        from pruning.study.study import load_study

        try:
            return load_study(row.study)
        except PruningError as error:
            self.store.update_job(row.id, "failed", error=str(error), ended=time.time())
            return None

    def _claim(self, row: StoredJob) -> bool:
        return self.store.claim(row.id, self.server, dead=row.server if gone(row.server) else None)

    def _free(self, row: StoredJob) -> bool:
        return row.server in ("", self.server) or silent(row.beat) or gone(row.server)


def _plain(text: str) -> str:
    """What every database takes: an error may quote bytes that are no text, and would never be written down."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")
