"""For whom jobs run: those whose people have left end, and those of one person make room for another's.

Called by the engine's thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pruning.common.errors import Incompatible
from pruning.common.limits import (
    AWAY_SECONDS,
    FORSAKEN_SECONDS,
    PAGE_TURN_SECONDS,
    SWEEP_TURN_SECONDS,
    TRAINING_TURN_SECONDS,
)
from pruning.engine.attempts import Attempts
from pruning.engine.book import Book
from pruning.engine.jobs import Attempt, Job, Waiter

LEFT = "Nobody looked at it any more."
FORSAKEN = "Nobody had looked at it for a week. What it stored is kept: ask for it again, and it goes on from there."


class Audience:
    """Who is there, and whose turn it is.

    A job that computes is stopped and goes back into the queue when it has had its turn and another person waits for a
    worker of its kind; a page's whose people are not there at this moment has no turn at all. A training goes on from
    its last checkpoint; of other work the cell under way begins anew, so each of its turns is twice as long as the one
    before. First turns are short: what takes moments never waits long behind what takes minutes.
    """

    def __init__(self, book: Book, attempts: Attempts, changed: threading.Condition, owners: bool) -> None:
        self.book, self.attempts, self.changed, self.owners = book, attempts, changed, owners
        self.present: Callable[[str], bool] = lambda _session: True
        self._away: dict[str, float] = {}

    def look(self) -> None:
        """End what nobody waits for, and let others have their turn."""
        with self.changed:
            now, jobs = time.monotonic(), list(self.book.active.values())
            sessions = {waiter.session for job in jobs for waiter in job.waiters if waiter.session}
            here = {session for session in sessions if self.present(session)}
            self._away = {session: self._away.get(session, now) for session in sessions - here}
            for job in jobs:
                self._end(job, now)
                job.away = (
                    not job.durable
                    and bool(job.waiters)
                    and all(waiter.session in self._away for waiter in job.waiters)
                )
            for durable in (False, True):
                self._take_turns(durable, now)

    def leave(self, job: Job, owner: str, session: str | None, operator: bool) -> bool:
        """Somebody cancels a job; the caller holds the lock. Returns whether it has ended; see ``Engine.cancel``."""
        asked = any(waiter.owner == owner for waiter in job.waiters)
        if not asked and self.owners and not operator:
            raise Incompatible("This job is another person's: only its owner may cancel it.")
        others = [one for one in job.waiters if one.owner != owner or not self._leaves(one, session)]
        if (asked or session is not None) and others and not operator:
            self.book.leave_where(job, lambda one: one not in others)
            return False
        self.attempts.stop(job)
        return True

    def _leaves(self, waiter: Waiter, session: str | None) -> bool:
        """Whether a waiter of an owner goes when this session of theirs leaves: also one whose browser is gone."""
        return session in (None, waiter.session) or bool(waiter.session and not self.present(waiter.session))

    def _gone(self, waiter: Waiter, now: float) -> bool:
        return now - self._away.get(waiter.session, now) > AWAY_SECONDS

    def _end(self, job: Job, now: float) -> None:
        gone = [waiter for waiter in job.waiters if self._gone(waiter, now)]
        if not job.durable:
            if gone and self.book.leave_where(job, gone.__contains__):
                self.attempts.stop(job, LEFT)
        elif len(gone) == len(job.waiters) and now - job.used > FORSAKEN_SECONDS:
            self.attempts.stop(job, FORSAKEN)

    def _take_turns(self, durable: bool, now: float) -> None:
        """Jobs of this kind make room, where all that may run do so and somebody waits who has none of them: one that
        had its turn, and all for which nobody is there."""
        busy = [one for one in self.attempts.running.values() if one.job is not None and one.durable is durable]
        slots = max(1, self.attempts.workers - 1) if durable else self.attempts.workers
        if not busy or (len(self.attempts.running) < self.attempts.workers and len(busy) < slots):
            return
        served = {person for one in busy for person in _people(one.job)}
        waits = [
            one for one in self.book.queue if one.durable is durable and not one.away and not _people(one) & served
        ]
        left = [one for one in busy if one.job is not None and one.job.away]
        had = [one for one in busy if one not in left and now - one.sent > _turn(one)]
        for one in (left or sorted(had, key=lambda one: one.sent)[:1])[: len(waits)]:
            assert one.job is not None
            self.attempts.make_room(one.job)


def _people(job: Job | None) -> set[str]:
    """Who waits for a job; an adopted one belongs to its owner."""
    if job is None:
        return set()
    return {waiter.person for waiter in job.waiters} or {job.owner}


def _turn(attempt: Attempt) -> float:
    job = attempt.job
    assert job is not None
    trains = any(hasattr(step, "batch") for step in job.study.recipe)
    usual = SWEEP_TURN_SECONDS if attempt.durable else TRAINING_TURN_SECONDS if trains else PAGE_TURN_SECONDS
    return usual if trains else usual * 2.0 ** min(job.yielded, 16)
