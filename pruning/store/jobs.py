"""Work that was asked for and outlives the server, and which server computes it.

A server that works on a job holds a lease: its name and a heartbeat. A job whose server is silent for ``LEASE_SECONDS``
may be claimed by another one; the claim is a single UPDATE, so that only one server gets it.
"""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from pruning.common.errors import BadValue
from pruning.common.limits import JOB_ROWS, JOB_SENTENCE, JOB_TRACEBACK, STUDY_BYTES
from pruning.store.database import Database
from pruning.store.records import FINISHED, UNFINISHED, JobState, StoredJob
from pruning.store.schema import jobs

LEASE_SECONDS = 15.0
AHEAD_SECONDS = 300.0
"""Clocks of servers differ by less; a heartbeat further in the future was written before a clock was put back."""


def silent(beat: float) -> bool:
    """Whether a server that last said at this time that it lives has been silent for too long, by this clock."""
    now = time.time()
    return beat < now - LEASE_SECONDS or beat > now + AHEAD_SECONDS


class Jobs(Database):
    """The table of jobs."""

    def add_job(self, job_id: str, study_json: str, owner: str, server: str = "") -> None:
        """Ask for a job, or ask for it again; it is ``queued`` then, and belongs to the server.

        Raises:
            BadValue: the study is too large to be kept.
        """
        _fits(study_json)
        now = time.time()
        new = {"study": study_json, "owner": owner, "state": "queued", "created": now, "server": server, "beat": now}
        fresh = {"started": None, "ended": None, "done": 0.0, "total": 0.0, "error": "", "traceback": ""}
        self.upsert(jobs, {"id": job_id}, new, new | fresh)

    def take_job(self, job_id: str, study_json: str, owner: str, server: str, dead: str | None = None) -> bool:
        """Ask for a job as ``add_job`` does, unless another living server is at it: of servers that ask at the same
        moment one gets it. Returns whether the job is this server's."""
        _fits(study_json)
        now = time.time()
        given = {"study": study_json, "owner": owner, "state": "queued", "created": now, "server": server, "beat": now}
        fresh = {"started": None, "ended": None, "done": 0.0, "total": 0.0, "error": "", "traceback": ""}
        free = sa.or_(jobs.c.state.in_(FINISHED), _free(server, dead))

        def work(connection: sa.Connection) -> bool:
            change = jobs.update().where(jobs.c.id == job_id, free).values(**given, **fresh)
            if connection.execute(change).rowcount:
                return True
            if connection.execute(sa.select(jobs.c.id).where(jobs.c.id == job_id)).first():
                return False
            connection.execute(jobs.insert().values(id=job_id, **given))
            return True

        try:
            return self.transact(work)
        except IntegrityError:  # another server inserted it between our statements
            return self.transact(work)

    def update_job(self, job_id: str, state: JobState, **fields: Any) -> None:
        """Write a job's state, and fields such as ``started``, ``ended``, ``done``, ``total``, ``error``."""
        if "error" in fields:
            fields["error"] = fields["error"][:JOB_SENTENCE]
        if "traceback" in fields:
            fields["traceback"] = fields["traceback"][-JOB_TRACEBACK:]  # its end says what happened
        statement = jobs.update().where(jobs.c.id == job_id).values(state=state, **fields)
        self.transact(lambda connection: connection.execute(statement))

    def job(self, job_id: str) -> StoredJob | None:
        """One job, or None."""
        found = self._select(jobs.c.id == job_id, 1)
        return found[0] if found else None

    def jobs(self, limit: int = 200) -> list[StoredJob]:
        """The latest jobs, newest first."""
        return self._select(sa.true(), limit)

    def failed(self, limit: int = 200) -> list[tuple[float, str, str]]:
        """When the latest failed jobs ended, their sentence, and their id; newest first. Their studies are not read."""
        ended = sa.func.coalesce(jobs.c.ended, jobs.c.created)
        columns = sa.select(ended, sa.func.substr(jobs.c.error, 1, JOB_SENTENCE), jobs.c.id)
        query = columns.where(jobs.c.state == "failed").order_by(ended.desc(), jobs.c.id).limit(limit)
        return self.transact(lambda connection: [(row[0], row[1], row[2]) for row in connection.execute(query)])

    def unfinished(self) -> list[StoredJob]:
        """Jobs that are not done, failed or cancelled, oldest first."""
        return self._select(jobs.c.state.in_(UNFINISHED), None)[::-1]

    def beat(self, server: str, progress: dict[str, tuple[float, float]] | None = None) -> None:
        """Say that a server lives: its unfinished jobs stay its own. ``progress`` holds (done, total) by job."""
        mine = sa.and_(jobs.c.server == server, jobs.c.state.in_(UNFINISHED))

        def work(connection: sa.Connection) -> None:
            connection.execute(jobs.update().where(mine).values(beat=time.time()))
            for job_id, (done, total) in (progress or {}).items():
                connection.execute(jobs.update().where(jobs.c.id == job_id, mine).values(done=done, total=total))

        self.transact(work)

    def claim(self, job_id: str, server: str, dead: str | None = None) -> bool:
        """Take over an unfinished job whose server is silent, or is ``dead`` (known to have ended), or gave it back.

        The job is marked ``interrupted`` until it runs again. Returns whether the job is this server's now.
        """
        condition = sa.and_(jobs.c.id == job_id, jobs.c.state.in_(UNFINISHED), _free(server, dead))
        values = {"server": server, "beat": time.time(), "state": "interrupted"}
        statement = jobs.update().where(condition).values(**values)
        return self.transact(lambda connection: connection.execute(statement).rowcount) == 1

    def give_back(self, server: str) -> None:
        """Mark a closing server's unfinished jobs as interrupted, free for the next server."""
        mine = sa.and_(jobs.c.server == server, jobs.c.state.in_(UNFINISHED))
        statement = jobs.update().where(mine).values(server="", state="interrupted")
        self.transact(lambda connection: connection.execute(statement))

    def trim_jobs(self, keep: int = JOB_ROWS) -> int:
        """Forget all but the ``keep`` finished jobs that ended last; returns how many went.

        An unfinished one never goes, nor one that is asked for at this moment: it is unfinished, or is made anew. What
        ended last stays, however long ago it was asked for: a training of hours outlasts thousands of slider moves.
        """
        finished = jobs.c.state.in_(FINISHED)
        ended = sa.func.coalesce(jobs.c.ended, jobs.c.created)  # where no end was written
        beyond = sa.select(jobs.c.id).where(finished).order_by(ended.desc(), jobs.c.id).offset(keep)

        def work(connection: sa.Connection) -> int:
            # Asked once more for the state: somebody may have asked for the job between the two parts of the statement.
            return connection.execute(jobs.delete().where(finished, jobs.c.id.in_(beyond.correlate(None)))).rowcount

        return self.transact(work)

    def _select(self, condition: Any, limit: int | None) -> list[StoredJob]:
        query = jobs.select().where(condition).order_by(jobs.c.created.desc(), jobs.c.id).limit(limit)
        return self.transact(lambda connection: [StoredJob(**row._mapping) for row in connection.execute(query)])


def _fits(study_json: str) -> None:
    if len(study_json) > STUDY_BYTES:
        raise BadValue(f"A study has at most {STUDY_BYTES:,} bytes as JSON, and this one has {len(study_json):,}.")


def _free(server: str, dead: str | None) -> sa.ColumnElement[bool]:
    """No other living server is at a job: it was given back, its server is silent, or is known to be dead."""
    # Its own too: a claim whose answer was lost with the connection is made again.
    now = time.time()
    silent = sa.or_(jobs.c.beat < now - LEASE_SECONDS, jobs.c.beat > now + AHEAD_SECONDS)
    free = sa.or_(jobs.c.server.in_(("", server)), silent)
    return sa.or_(free, jobs.c.server == dead) if dead else free
