"""Who waits for which job, and what runs next. Plain data: no thread, no database, no Dask."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from pruning.engine.jobs import Job
from pruning.limits import SERVER_RESULTS
from pruning.store.records import JobState

if TYPE_CHECKING:
    from pruning.specs import Study

RESULT_BYTES = 256 * 2**20
"""Bytes of results of finished jobs that the server keeps."""


class Book:
    """All jobs that the server knows. Whoever calls holds the engine's lock.

    Live jobs (slider moves) come before durable ones, and durable ones never take every worker: a sweep of an hour must
    not make a slider wait.
    """

    def __init__(self) -> None:
        self.active: dict[str, Job] = {}
        self.finished: OrderedDict[str, Job] = OrderedDict()
        self.queue: list[Job] = []
        self.slots: dict[str, str] = {}
        self.bytes = 0

    def find(self, job_id: str) -> Job | None:
        return self.active.get(job_id) or self.finished.get(job_id)

    def enter(self, study: Study, owner: str, durable: bool, slot: str | None) -> tuple[Job, bool, Job | None]:
        """Wait for a study.

        Returns:
            Its job; whether the job is new; and the job that was replaced in the slot and that nobody waits for now.
        """
        job_id = study.key
        left = self.leave(self.slots[slot], (owner, slot)) if slot and self.slots.get(slot, job_id) != job_id else None
        job, new = self.find(job_id), False
        if job is None or (job.finished and job.state != "done"):
            self._forget(job_id)
            job, new = Job(job_id, study, owner, durable), True
            self.active[job_id] = job
        if job.finished:
            self.finished.move_to_end(job_id)
        else:
            job.waiters.add((owner, slot))
            if slot:
                self.slots[slot] = job_id
        return job, new, left

    def leave(self, job_id: str, waiter: tuple[str, str | None]) -> Job | None:
        """Wait no longer; returns the job when it was unfinished and nobody else waits for it."""
        owner, slot = waiter
        if slot:
            self.slots.pop(slot, None)
        job = self.active.get(job_id)
        if job is None:
            return None
        # The slot belongs to one place on one page, whatever the person is called by now.
        job.waiters = {other for other in job.waiters if other != waiter and (slot is None or other[1] != slot)}
        return None if job.waiters else job

    def leave_all(self, job: Job, owner: str) -> bool:
        """One person waits no longer, in any place; returns whether nobody else waits."""
        for waiter in [waiter for waiter in job.waiters if waiter[0] == owner]:
            self.leave(job.id, waiter)
        return not job.waiters

    def ready(self, job: Job, first: bool = False) -> None:
        """Put a job into the queue (at its head when its worker died)."""
        job.elsewhere, job.attempt = False, None
        if job.id in self.active and job not in self.queue:
            self.queue.insert(0 if first else len(self.queue), job)

    def next(self, free: int, sweeps: int) -> Job | None:
        """Take the next job to run, when ``free`` workers are free and ``sweeps`` more durable jobs may run."""
        if free <= 0:
            return None
        for durable in (False, True) if sweeps > 0 else (False,):
            for job in self.queue:
                if job.durable == durable:
                    self.queue.remove(job)
                    return job
        return None

    def before(self, job: Job) -> int:
        """Jobs that run before this one."""
        if job not in self.queue:
            return 0
        order = sorted(self.queue, key=lambda other: other.durable)  # stable: live ones first, then by place
        return order.index(job)

    def finish(self, job: Job, state: JobState, error: str = "") -> None:
        """A job has ended: nobody waits any more, and its result is kept among the latest."""
        job.finish(state, error)
        for _owner, slot in job.waiters:
            if slot and self.slots.get(slot) == job.id:
                del self.slots[slot]
        job.waiters = set()
        self.active.pop(job.id, None)
        if job in self.queue:
            self.queue.remove(job)
        if state != "done":
            job.partial = {}
        self.finished[job.id] = job
        self.bytes += job.size
        while len(self.finished) > SERVER_RESULTS or (self.bytes > RESULT_BYTES and len(self.finished) > 1):
            self._forget(next(iter(self.finished)))

    def start(self, job: Job) -> None:
        """A worker has begun with it."""
        job.state = "running"
        job.started = job.started or time.time()

    def _forget(self, job_id: str) -> None:
        job = self.finished.pop(job_id, None)
        if job is not None:
            self.bytes -= job.size
