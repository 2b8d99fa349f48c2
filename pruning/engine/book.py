"""Who waits for which job, and what runs next. Plain data: no thread, no database, no Dask."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from pruning.common.limits import FAILURES, PEOPLE, RESULT_BYTES, SERVER_RESULTS
from pruning.engine.health import Failure
from pruning.engine.jobs import Job, Waiter
from pruning.store.records import JobState

if TYPE_CHECKING:
    from pruning.study.study import Study


class Book:
    """All jobs that the server knows. The caller must hold the engine's lock.

    Live jobs (slider moves) come before durable ones, and durable ones never take every worker: a sweep of an hour must
    not make a slider wait. Live jobs of people whose browser is gone come after those of people who are there. Within
    each kind people take turns: a person's n-th outstanding job, running ones counted, comes after everybody's
    (n-1)-th; among equals it is the turn of who was served longest ago. Who comes new counts as served a moment ago, as
    flows do in fair queueing (Demers et al. 1989): whoever comes as ever new people does not overtake those who stay.
    A job that several people wait for has the best of their turns.
    """

    def __init__(self) -> None:
        self.active: dict[str, Job] = {}
        self.finished: OrderedDict[str, Job] = OrderedDict()
        self.queue: list[Job] = []
        self.slots: dict[str, str] = {}
        self.bytes = 0
        self.failures: deque[Failure] = deque(maxlen=FAILURES)
        self._came = self._head = self._served = 0
        self._last: OrderedDict[tuple[bool, str], int] = OrderedDict()

    def find(self, job_id: str) -> Job | None:
        """The job, if it is known; a look is a use."""
        job = self.active.get(job_id) or self.finished.get(job_id)
        if job is not None:
            job.used = time.monotonic()
        return job

    def enter(
        self, study: Study, owner: str, durable: bool, slot: str | None, person: str = "", session: str = ""
    ) -> tuple[Job, bool, Job | None]:
        """Wait for a study.

        Args:
            person: whose turn it takes; the owner's where none is given.
            session: where the person waits.

        Returns:
            Its job; whether the job is new; and the job that was replaced in the slot and that nobody waits for now.
        """
        job_id = study.key
        left = self.leave(self.slots[slot], (owner, slot)) if slot and self.slots.get(slot, job_id) != job_id else None
        job, new = self.find(job_id), False
        if job is None or (job.finished and job.state != "done"):
            self.forget(job_id)
            self._came += 1
            job, new = Job(job_id, study, owner, durable, arrival=self._came), True
            self.active[job_id] = job
        if job.finished:
            self.finished.move_to_end(job_id)
        else:
            job.waiters.add(Waiter(owner, slot, person or owner, session))
            self._last.setdefault((durable, person or owner), self._served)
            self._trim()
            if slot:
                self.slots[slot] = job_id
        return job, new, left

    def leave(self, job_id: str, place: tuple[str, str | None]) -> Job | None:
        """Wait no longer at an owner's place (a slot, or None); returns the job when it was unfinished and nobody else
        waits for it."""
        slot = place[1]
        if slot:
            self.slots.pop(slot, None)
        job = self.active.get(job_id)
        if job is None:
            return None
        # The slot belongs to one place on one page, whatever the person is called by now.
        job.waiters = {other for other in job.waiters if other[:2] != place and (slot is None or other.slot != slot)}
        return None if job.waiters else job

    def leave_where(self, job: Job, leaves: Callable[[Waiter], bool]) -> bool:
        """Some wait no longer; returns whether nobody waits any more."""
        for waiter in list(filter(leaves, job.waiters)):
            job.waiters.discard(waiter)
            if waiter.slot and self.slots.get(waiter.slot) == job.id:
                del self.slots[waiter.slot]
        return not job.waiters

    def ready(self, job: Job, first: bool = False) -> None:
        """Put a job into the queue (first of its turn when its worker died)."""
        job.elsewhere, job.attempt = False, None
        if first:
            self._head -= 1
            job.arrival = self._head
        if job.id in self.active and job not in self.queue:
            job.queued = time.monotonic()
            self.queue.append(job)

    def next(self, free: int, sweeps: int, fits: Callable[[Job], bool] = lambda _job: True) -> Job | None:
        """Take the next job to run that ``fits`` (a worker of its kind is free), when ``free`` workers are free and
        ``sweeps`` more durable jobs may run."""
        if free <= 0:
            return None
        for job in self.order():
            if (sweeps > 0 or not job.durable) and fits(job):
                self.queue.remove(job)
                self.serve(job)
                return job
        return None

    def order(self) -> list[Job]:
        """The queue in the order in which it would run if nothing else came; sets each job's turn."""
        outstanding: Counter[tuple[bool, str]] = Counter()
        for job in self.active.values():
            if job.attempt is not None:
                outstanding.update(_people(job))
        rounds: dict[tuple[bool, bool, int], list[Job]] = {}
        for job in sorted(self.queue, key=lambda job: job.arrival):
            job.turn = 1 + min(outstanding[person] for person in _people(job))
            outstanding.update(_people(job))
            rounds.setdefault((job.durable, job.away, job.turn), []).append(job)
        last, found = dict(self._last), list[Job]()
        for place in sorted(rounds):
            served = {job.id: min(last.get(person, 0) for person in _people(job)) for job in rounds[place]}
            # What a dead worker leaves (arrival below 0) had its turn already, and got nothing for it.
            found += sorted(rounds[place], key=lambda job: (job.arrival > 0, served[job.id], job.arrival))
            last |= {person: self._served + len(found) for job in found[-len(served) :] for person in _people(job)}
        return found

    def before(self, job: Job) -> int:
        """Jobs that run before this one."""
        return self.order().index(job) if job in self.queue else 0

    def finish(self, job: Job, state: JobState, error: str = "") -> None:
        """A job has ended: nobody waits any more, and its result is kept among the latest."""
        job.finish(state, error)
        for waiter in job.waiters:
            if waiter.slot and self.slots.get(waiter.slot) == job.id:
                del self.slots[waiter.slot]
        job.waiters = set()
        self.active.pop(job.id, None)
        if job in self.queue:
            self.queue.remove(job)
        job.used, job.partial = time.monotonic(), {}  # the rows hold all of it, or it is nothing any more
        self.finished[job.id] = job
        self.bytes += job.size
        while len(self.finished) > SERVER_RESULTS or (self.bytes > RESULT_BYTES and len(self.finished) > 1):
            self.forget(next(iter(self.finished)))

    def fail(self, job_id: str, sentence: str) -> None:
        """Remember what went wrong, for the server's administrator."""
        self.failures.appendleft(Failure(time.time(), job_id, sentence))

    def start(self, job: Job) -> None:
        """A worker has begun with it."""
        job.state = "running"
        job.started = job.started or time.time()

    def serve(self, job: Job) -> None:
        """Note that its people had their turn; of those who have not come back for long nothing is remembered."""
        self._served += 1
        for person in _people(job):
            self._last[person] = self._served
            self._last.move_to_end(person)
        self._trim()

    def _trim(self) -> None:
        while len(self._last) > PEOPLE:
            self._last.popitem(last=False)

    def forget(self, job_id: str) -> None:
        """Keep a finished job's result no longer."""
        job = self.finished.pop(job_id, None)
        if job is not None:
            self.bytes -= job.size

    def rest(self, seconds: float) -> int:
        """Forget results that nobody has looked at for so long: the store has them. Returns how many."""
        before = time.monotonic() - seconds
        old = [job.id for job in self.finished.values() if job.used < before]
        for job_id in old:
            self.forget(job_id)
        return len(old)


def _people(job: Job) -> set[tuple[bool, str]]:
    """Whose turn a job takes, of its kind; an adopted one its owner's."""
    return {(job.durable, waiter.person) for waiter in job.waiters} or {(job.durable, job.owner)}
