"""One engine for all sessions of a server: submit a study, look at it, cancel it."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pruning.common.environment import Settings
from pruning.common.errors import StoreError
from pruning.common.limits import REST_SECONDS
from pruning.engine import journal
from pruning.engine.allowance import refuse
from pruning.engine.book import Book
from pruning.engine.caretaker import Caretaker
from pruning.engine.health import Health
from pruning.engine.jobs import Job, JobView
from pruning.engine.ledger import Ledger
from pruning.engine.runner import Runner
from pruning.engine.watch import Watch
from pruning.store.store import Store

if TYPE_CHECKING:
    from pruning.study.study import Study


class Engine:
    """Runs studies in worker processes. All methods may be called from any thread and return at once, except ``wait``
    and ``close``.

    Args:
        settings: where the store is, how many workers, or which cluster.
        task: dotted path of ``function(study, store, progress) -> rows``, imported by the workers only.
        present: whether a browser session is still there; without it, all are.
        care: True for a server that lives long: it reports how it stands, and keeps artefacts within their bounds.

    Raises:
        StoreError: when the store cannot be opened.
    """

    def __init__(
        self,
        settings: Settings,
        task: str = "pruning.study.run:run",
        care: bool = False,
        present: Callable[[str], bool] = lambda _session: True,
    ) -> None:
        self.settings = settings
        self.store = Store(settings)
        self._changed = threading.Condition()
        self._book = Book()
        self._ledger = Ledger(self.store)
        self._runner = Runner(settings, task, self._book, self._ledger, self._changed)
        self._runner.audience.present = present
        self._watch = Watch(self._runner, self._ledger.server)
        forget = partial(_forget, self._changed, self._book)
        caretaker = Caretaker(self.store, self._ledger.server, self._watch.look, forget) if care else None
        self._end = weakref.finalize(self, _close, self._runner, self.store, caretaker)  # at the program's exit, too

    def start(self) -> None:
        """Start the workers in the background, and take up what an earlier server left unfinished."""
        self._runner.start()

    def close(self) -> None:
        """End the workers. Unfinished durable jobs are marked interrupted: the next server takes them up."""
        self._end()

    def submit(
        self,
        study: Study,
        *,
        owner: str,
        durable: bool,
        slot: str | None = None,
        person: str = "",
        session: str = "",
        limited: bool = False,
    ) -> str:
        """Ask for a study; the same one asked for twice is computed once.

        Args:
            owner: who asks.
            durable: True for work that is listed under jobs and outlives the server; False for a slider move.
            slot: a place on a page ("<session>/accuracy"). Another study submitted into the same slot replaces this
                one, which is cancelled at once unless somebody else waits for it.
            person: whose turn it takes where several wait for a worker; the owner, unless people share one.
            session: the browser session that waits. A live job ends when its last one has left.
            limited: whether durable work counts against what one person, and all together, may ask for.

        Returns:
            The job's id, for ``view``.

        Raises:
            StoreError: when a durable job cannot be written down.
            Incompatible: more work than one person, or the server, takes.
        """
        self.start()
        if durable and limited:
            self.check([study], person or owner)
        with self._changed:
            job, new, left = self._book.enter(study, owner, durable, slot, person, session)
            promoted = durable and not job.durable
            job.durable = job.durable or durable
            if left is not None:
                self._runner.attempts.stop(left)
        elsewhere = durable and (new or promoted) and self._write_down(job, new)
        if new:
            journal.note("asked for", job)
        if new and not elsewhere:
            with self._changed:
                if not job.finished:
                    self._book.ready(job)
            self._runner.nudge()
        return job.id

    def view(self, job_id: str) -> JobView:
        """How a job stands.

        Raises:
            Missing: for a job that this server and the store do not know (any more).
        """
        with self._changed:
            job = self._book.find(job_id)
            if job is not None:
                return job.view(self._book.before(job))
        return self._ledger.view(job_id)

    def views(self, owner: str | None = None) -> list[JobView]:
        """All unfinished jobs of this server, running ones first; only those that ``owner`` waits for, if given."""
        with self._changed:
            jobs = [job for job in self._book.active.values() if owner in {None, *(one.owner for one in job.waiters)}]
            places = {job.id: place for place, job in enumerate(self._book.order())}
            views = [job.view(places.get(job.id, 0)) for job in jobs]
        return sorted(views, key=lambda view: (view.state != "running", view.waiting))

    def check(self, studies: Sequence[Study], person: str) -> None:
        """Refuse (``Incompatible``) background work that is more than one person, or all together, may have waiting."""
        with self._changed:
            known = list(self._book.active.values())
        refuse(studies, person, known, self.store)

    def cancel(self, job_id: str, owner: str, session: str | None = None, operator: bool = False) -> bool:
        """Stop waiting for a job; it ends unless somebody else waits for it. What it stored stays.

        Args:
            session: only this browser session leaves; others of the same owner that are there go on waiting. None: all
                of the owner's leave.
            operator: end it for everybody.

        Returns:
            Whether the job is cancelled now. Its worker is free within a batch, or killed after three seconds.

        Raises:
            Incompatible: when owners count and the owner never asked for this job.
        """
        with self._changed:
            job = self._book.active.get(job_id)
            return job is not None and self._runner.audience.leave(job, owner, session, operator)

    def wait(self, job_id: str, timeout: float | None = None) -> JobView:
        """Wait until a job has ended, or ``timeout`` seconds; returns how it stands then."""
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while (job := self._book.find(job_id)) is not None and not job.finished:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._changed.wait(left)
        return self.view(job_id)

    def health(self) -> Health:
        """How this server stands; workers say what they hold within seconds of the first look."""
        self._runner.watched = time.monotonic()
        return self._watch.look()

    def forget(self, job_id: str) -> None:
        """Drop a finished job's result (of a file that was cleaned up since): asked for again, it is computed again."""
        with self._changed:
            self._book.forget(job_id)

    def _write_down(self, job: Job, new: bool) -> bool:
        """Enter a job in the store; returns whether it is new here and another server is computing it."""
        try:
            elsewhere = self._ledger.register(job) and new
        except StoreError as error:
            with self._changed:
                job.durable = False
                if new:
                    self._runner.attempts.finish(job, "failed", str(error))
            raise
        with self._changed:
            if elsewhere:
                job.elsewhere, job.note = True, "Another server is at it."
            elif job.state != "queued":  # it runs already, has ended, or was replaced while it was being written down
                self._runner.inbox.put(lambda: self._ledger.write(job, job.state))
        return elsewhere

    def __enter__(self) -> Engine:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _forget(changed: threading.Condition, book: Book) -> None:
    """Drop results that nobody has looked at for a while."""
    with changed:
        book.rest(REST_SECONDS)


def _close(runner: Runner, store: Store, caretaker: Caretaker | None) -> None:
    if caretaker is not None:
        caretaker.close()
    runner.close()
    store.close()
