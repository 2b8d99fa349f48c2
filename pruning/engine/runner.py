"""The engine's own thread: hands jobs to workers, takes in what they report, ends what was cancelled."""

from __future__ import annotations

import logging
import pickle
import queue
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from pruning.engine.book import Book
from pruning.engine.jobs import Attempt, Job
from pruning.engine.ledger import Ledger
from pruning.engine.link import Link
from pruning.errors import PruningError
from pruning.settings import Settings
from pruning.store.records import JobState

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
BEAT_SECONDS = 2.0
ADOPT_SECONDS = 5.0
RETRY_SECONDS = 5.0
GRACE_SECONDS = 3.0
"""A cancelled task that has not stopped by then loses its process."""
DEATHS = 3
"""After so many deaths of its worker a job has failed."""


class Runner:
    """One thread, one inbox: all blocking calls (Dask, database) are made here, none of them under the lock.

    The engine gives a worker thread one task at a time and keeps the queue itself: Dask would hand out everything at
    once, and a slider move could end up behind a sweep on a busy worker.
    """

    def __init__(
        self, settings: Settings, task: str, book: Book, ledger: Ledger, changed: threading.Condition
    ) -> None:
        self.settings, self.task, self.book, self.ledger, self.changed = settings, task, book, ledger, changed
        self.topic = f"pruning-{secrets.token_hex(6)}"
        self.inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.attempts: dict[str, Attempt] = {}
        self.link: Link | None = None
        self.workers = 0
        self.closing = False
        self.thread: threading.Thread | None = None
        self._due: dict[str, float] = {}

    # what other threads call

    def start(self) -> None:
        with self.changed:
            if self.closing:
                raise PruningError("The engine is closed.")
            if self.thread is None:
                self.thread = threading.Thread(target=self._loop, name="pruning-engine", daemon=True)
                self.thread.start()

    def nudge(self) -> None:
        self.inbox.put(lambda: None)

    def stop(self, job: Job) -> None:
        """Cancel a job; the caller holds the lock. The job ends at once, its worker as soon as it listens."""
        attempt = job.attempt
        if attempt is not None:
            attempt.job, attempt.cancelled = None, time.monotonic()
            self.inbox.put(lambda: self._tell(attempt))
        self._finish(job, "cancelled")

    def close(self) -> None:
        with self.changed:
            self.closing = True
            thread = self.thread
        self.nudge()
        if thread is not None:
            thread.join(20)

    # the thread

    def _loop(self) -> None:
        try:
            while not self.closing:
                try:
                    self._connect()
                    self._read()
                    self._periodic()
                    self._dispatch()
                except Exception:  # one bad turn (a busy database, say) must not end the engine
                    log.exception("The engine met an error and goes on.")
                    time.sleep(TICK_SECONDS)
        finally:
            self._shut()

    def _read(self) -> None:
        """Wait for something to happen, then do all that is there."""
        try:
            self.inbox.get(timeout=TICK_SECONDS)()
            while True:
                self.inbox.get_nowait()()
        except queue.Empty:
            return

    def _connect(self) -> None:
        if self.link is not None and not self.link.alive:
            log.warning("The workers are gone: starting again.")
            self.link.close()
            self.link = None
            for attempt in list(self.attempts.values()):
                self._died(attempt)
        if self.link is not None or not self._is_due("connect", RETRY_SECONDS):
            return
        try:
            self.link = Link(self.settings, self.task, self.topic, lambda event: self.inbox.put(lambda: self._hear(event)))
        except PruningError as error:
            log.warning("%s", error)
            with self.changed:
                for job in list(self.book.queue):
                    job.note = str(error)
                    if not job.durable:
                        self._finish(job, "failed", str(error))
            return
        self._due.pop("connect")

    def _dispatch(self) -> None:
        link = self.link
        if link is None:
            return
        while True:
            with self.changed:
                durable = sum(attempt.durable for attempt in self.attempts.values())
                job = self.book.next(self.workers - len(self.attempts), max(1, self.workers - 1) - durable)
                if job is None:
                    return
                attempt = Attempt(f"{job.id}-{secrets.token_hex(6)}", job, job.durable)
                self.attempts[attempt.key] = job.attempt = attempt
            attempt.future = link.submit(
                attempt.key,
                job.study.model_dump_json(),
                not job.durable,
                lambda attempt=attempt: self.inbox.put(lambda: self._ended(attempt)),
            )

    def _hear(self, event: dict[str, Any]) -> None:
        """A worker reports."""
        attempt = self.attempts.get(event["key"])
        if attempt is None:
            return
        if event["what"] == "started":
            attempt.worker = event["worker"]
            if attempt.cancelled:
                self._tell(attempt)
        with self.changed:
            job = attempt.job
            if job is None:
                return
            if event["what"] == "progress":
                partial = pickle.loads(event["partial"]) if event["partial"] else {}
                job.progress(event["done"], event["total"], event["note"], partial)
            else:
                self.book.start(job)
            durable = job.durable and event["what"] == "started"
        if durable:
            self.ledger.write(job, "running")

    def _ended(self, attempt: Attempt) -> None:
        """An attempt has ended, well or badly."""
        if self.attempts.get(attempt.key) is not attempt:
            return
        from distributed import KilledWorker

        try:
            outcome = attempt.future.result(timeout=60)
        except (KilledWorker, TimeoutError):
            outcome = None
        except Exception as error:
            if attempt.future.status in ("cancelled", "lost"):
                outcome = None
            else:  # Dask itself could not run it: other versions on a cluster, for instance
                outcome = {"state": "failed", "error": f"Internal error: {type(error).__name__}: {error}", "traceback": ""}
        if outcome is None:
            self._died(attempt)
            return
        self.attempts.pop(attempt.key, None)
        attempt.future.release()
        packed = outcome.get("rows")
        rows = pickle.loads(packed) if packed else None
        with self.changed:
            job = attempt.job
            if job is not None:
                job.rows, job.size = rows, len(packed or b"")
                self._finish(job, outcome["state"], outcome.get("error", ""), outcome.get("traceback", ""))

    def _died(self, attempt: Attempt) -> None:
        """A worker was lost under an attempt: the job goes to the head of the queue, or has failed."""
        self.attempts.pop(attempt.key, None)
        attempt.future.release()
        self._due["count"] = 0.0
        self.workers = 0  # until the scheduler has said who is left
        with self.changed:
            job = attempt.job
            if job is None:
                return
            job.deaths += 1
            if job.deaths < DEATHS:
                job.note = "A worker process ended unexpectedly; the work is repeated."
                job.state = "queued"
                self.book.ready(job, first=True)
                return
            sentence = (
                f"The worker process ended {DEATHS} times during this work, most likely for want of memory "
                f"(limit: {self.settings.memory / 2**30:.1f} GiB for each worker)."
            )
            self._finish(job, "failed", sentence)

    def _finish(self, job: Job, state: JobState, error: str = "", traceback: str = "") -> None:
        """End a job under the lock; writing it down is left to the thread."""
        if traceback:
            log.error("Job %s failed:\n%s", job.id, traceback)
        self.book.finish(job, state, error)
        if job.durable:
            self.inbox.put(lambda: self.ledger.write(job, state, traceback))
        self.changed.notify_all()

    def _tell(self, attempt: Attempt) -> None:
        if self.link is not None:
            self.link.tell(attempt.key, attempt.worker)

    def _periodic(self) -> None:
        now = time.monotonic()
        link = self.link
        for attempt in list(self.attempts.values()):
            since = attempt.killed or attempt.cancelled
            if link is not None and attempt.worker and since and now - since > GRACE_SECONDS:
                attempt.killed = now
                link.kill(attempt.future, attempt.worker)
        if link is not None and self._is_due("count", BEAT_SECONDS if self.workers else 0.0):
            self.workers = link.count()
        if self._is_due("beat", BEAT_SECONDS):
            self._beat()
        if self._is_due("adopt", ADOPT_SECONDS):
            self._adopt()

    def _beat(self) -> None:
        with self.changed:
            durable = [job for job in self.book.active.values() if job.durable]
            mine = {job.id: (job.done, job.total) for job in durable if not job.elsewhere}
            elsewhere = [job for job in durable if job.elsewhere]
        if mine:
            self.ledger.beat(mine)
        for job in elsewhere:
            if self.ledger.released(job):
                with self.changed:
                    if not job.finished:
                        self.book.ready(job)

    def _adopt(self) -> None:
        """Take up what a dead server left unfinished."""
        with self.changed:
            known = set(self.book.active)
        for row in self.ledger.orphans(known):
            study = self.ledger.study(row)
            if study is None:
                continue
            with self.changed:
                job, new, _left = self.book.enter(study, row.owner, True, None)
                job.durable = True
                if new:
                    job.note = "It was interrupted when a server stopped, and goes on."
                    self.book.ready(job)

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True

    def _shut(self) -> None:
        try:
            for attempt in self.attempts.values():
                self._tell(attempt)
            self.ledger.give_back()
        except Exception:
            log.exception("Closing the engine.")
        if self.link is not None:
            self.link.close()
        with self.changed:
            for job in list(self.book.active.values()):
                job.durable = False  # it is given back already
                self._finish(job, "cancelled")
