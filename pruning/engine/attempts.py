"""Jobs in the hands of workers: handed out, reported on, ended, repeated after a death, stopped."""

from __future__ import annotations

import logging
import pickle
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from pruning.common.environment import Settings
from pruning.common.errors import with_kind
from pruning.engine import journal
from pruning.engine.book import Book
from pruning.engine.jobs import Attempt, Job
from pruning.engine.ledger import Ledger
from pruning.engine.link import Link
from pruning.store.records import JobState

log = logging.getLogger(__name__)

GRACE_SECONDS = 3.0
"""A cancelled task that has not stopped by then loses its process."""
DEATHS = 3
"""After so many deaths of its worker a job has failed."""
RESULT_SECONDS = 60.0
URGENT = 1_000_000
"""What a slider move has before a sweep in Dask's priorities, where several servers share one scheduler."""


class Attempts:
    """What runs now, by key. Methods are for the engine's thread, without the lock, except ``stop`` and ``finish``.

    A worker gets one task at a time and the queue stays here: Dask would hand out everything at once, and a slider move
    could end up behind a sweep on a busy worker.

    Args:
        post: puts something to do into the engine thread's inbox.
    """

    def __init__(
        self,
        settings: Settings,
        book: Book,
        ledger: Ledger,
        changed: threading.Condition,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self.settings, self.book, self.ledger, self.changed, self.post = settings, book, ledger, changed, post
        self.running: dict[str, Attempt] = {}
        self.link: Link | None = None
        self.workers = 0
        """Worker threads at the last count by the scheduler; 0 when they must be counted again."""

    def stop(self, job: Job, why: str = "") -> None:
        """Cancel a job; the caller holds the lock. The job ends at once, its worker as soon as it listens."""
        self._part(job)
        self.finish(job, "cancelled", why)

    def make_room(self, job: Job) -> None:
        """Put a running job back into the queue; the caller holds the lock. It goes on from its last checkpoint."""
        self._part(job)
        job.state, job.yielded = "queued", job.yielded + 1
        job.note = "Others have their turn; it goes on from where it was."
        journal.note("yielded", job)
        self.book.serve(job)  # its turn ends now: it comes after those who came meanwhile
        self.book.ready(job)

    def _part(self, job: Job) -> None:
        """Tell the worker of a job to stop; the job has no attempt then."""
        attempt = job.attempt
        if attempt is not None:
            attempt.job, attempt.cancelled = None, time.monotonic()
            self.post(lambda: self.tell(attempt))
        job.attempt = None

    def finish(self, job: Job, state: JobState, error: str = "", traceback: str = "") -> None:
        """End a job; the caller holds the lock. Writing it down is left to the thread."""
        if traceback:
            log.error("Job %s failed:\n%s", job.id, traceback)
        self.book.finish(job, state, error)
        journal.note(state, job, **({"error": error} if error else {}))
        if state == "failed":
            self.book.fail(job.id, error)
        if job.durable and not job.elsewhere:
            self.post(lambda: self.ledger.write(job, state, traceback))
        self.changed.notify_all()

    def dispatch(self) -> None:
        """Give every free worker something to do."""
        while self.link is not None:
            with self.changed:
                sweeps = sum(attempt.durable for attempt in self.running.values())
                gpus = self.link.gpus() - sum(attempt.gpu for attempt in self.running.values())
                free, spare = self.workers - len(self.running), max(1, self.workers - 1) - sweeps
                job = self.book.next(free, spare, lambda job, gpus=gpus: gpus > 0 or not job.gpu)
                if job is None:
                    return
                attempt = Attempt(f"{job.id}-{secrets.token_hex(6)}", job, job.durable, job.gpu)
                self.running[attempt.key] = job.attempt = attempt
            self._submit(self.link, job, attempt)

    def hear(self, event: dict[str, Any]) -> None:
        """A worker reports that it has begun, or how far it is."""
        attempt = self.running.get(event["key"])
        if attempt is None:
            return
        begun = event["what"] == "started"
        partial = {} if begun or not event["partial"] else pickle.loads(event["partial"])  # not under the lock
        if begun:
            attempt.worker = event["worker"]
            if attempt.cancelled:
                self.tell(attempt)
        with self.changed:
            job = attempt.job
            if job is None:
                return
            if begun:
                self.book.start(job)
                journal.note("started", job, worker=event["worker"], pid=event["pid"])
            else:
                job.progress(event["done"], event["total"], event["note"], partial)
        if begun and job.durable:
            self.ledger.write(job, "running")

    def ended(self, attempt: Attempt) -> None:
        """An attempt has ended, well or badly."""
        if self.running.get(attempt.key) is not attempt:
            return
        outcome = self._outcome(attempt)
        if outcome is None:
            self.died(attempt)
            return
        self._release(attempt)
        packed = outcome.get("rows", b"")
        rows = pickle.loads(packed) if packed else None
        with self.changed:
            if attempt.job is not None:
                attempt.job.rows, attempt.job.size = rows, len(packed)
                attempt.job.wrong = outcome.get("wrong", False)
                self.finish(attempt.job, outcome["state"], outcome.get("error", ""), outcome.get("traceback", ""))

    def died(self, attempt: Attempt) -> None:
        """A worker was lost under an attempt: the job goes to the head of the queue, or has failed."""
        self._release(attempt)
        self.workers = 0
        with self.changed:
            job = attempt.job
            if job is None:
                return
            job.deaths += 1
            journal.note("worker lost", job, deaths=job.deaths)
            self.book.fail(job.id, "A worker process ended unexpectedly; its work is repeated.")
            if job.deaths < DEATHS:
                job.note = "A worker process ended unexpectedly; the work is repeated."
                job.state = "queued"
                self.book.ready(job, first=True)
                return
            sentence = (
                f"The worker process ended {DEATHS} times during this work, most likely for want of memory "
                f"(limit: {self.settings.worker_memory / 2**30:.1f} GiB for each worker)."
            )
            self.finish(job, "failed", sentence)

    def again(self, attempt: Attempt) -> None:
        """Hand an attempt out anew that no worker has begun with."""
        self._release(attempt)
        with self.changed:
            if attempt.job is not None:
                self.book.ready(attempt.job, first=True)

    def overdue(self) -> None:
        """End the workers of cancelled tasks that do not listen."""
        now = time.monotonic()
        for attempt in list(self.running.values()):
            since = attempt.killed or attempt.cancelled
            if self.link is not None and attempt.worker and since and now - since > GRACE_SECONDS:
                attempt.killed = now
                self.link.kill(attempt.key, attempt.future, attempt.worker)

    def tell(self, attempt: Attempt) -> None:
        """Ask an attempt's worker to stop."""
        if self.link is not None:
            self.link.tell(attempt.key, attempt.worker)

    def _submit(self, link: Link, job: Job, attempt: Attempt) -> None:
        text, priority = job.study.model_dump_json(), (0 if job.durable else URGENT) - job.turn
        try:
            attempt.future = link.submit(
                attempt.key, text, priority, attempt.gpu, lambda: self.post(lambda: self.ended(attempt))
            )
        except Exception:  # the connection broke this moment: the job keeps its place
            self.again(attempt)
            raise

    def _release(self, attempt: Attempt) -> None:
        """Forget an attempt; Dask forgets its result then."""
        self.running.pop(attempt.key, None)
        if attempt.future is not None:
            attempt.future.release()

    def _outcome(self, attempt: Attempt) -> dict[str, Any] | None:
        """What the task returned, or None when its worker was lost."""
        from distributed import KilledWorker

        try:
            return attempt.future.result(timeout=RESULT_SECONDS)
        except (KilledWorker, TimeoutError):
            return None
        except Exception as error:
            if attempt.future.status in ("cancelled", "lost"):
                return None
            # Dask itself could not run it: other versions on a cluster, for instance.
            return {"state": "failed", "error": f"Internal error: {with_kind(error)}"}
