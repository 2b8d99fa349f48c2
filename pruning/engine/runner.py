"""The engine's own thread: all calls that may block (Dask, database) are made here, none of them under the lock."""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from pruning.common.environment import Settings
from pruning.common.errors import PruningError, StoreError
from pruning.engine import journal
from pruning.engine.attempts import Attempts
from pruning.engine.audience import Audience
from pruning.engine.book import Book
from pruning.engine.keeper import Keeper
from pruning.engine.ledger import Ledger
from pruning.engine.link import Link
from pruning.engine.stranded import Stranded

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
COUNT_SECONDS = 2.0
BEAT_SECONDS = 2.0
AUDIENCE_SECONDS = 1.0
ADOPT_SECONDS = 5.0
RETRY_SECONDS = 5.0
SAY_SECONDS = 60.0
CENSUS_SECONDS = 30.0
"""Between two questions to all workers what they hold; every three seconds while somebody looks at the page Status."""
WATCHED_SECONDS = 20.0


class Runner:
    """One thread with one inbox: whatever happens elsewhere is put there as something to do."""

    def __init__(self, settings: Settings, task: str, book: Book, ledger: Ledger, changed: threading.Condition) -> None:
        self.settings, self.task, self.book, self.ledger, self.changed = settings, task, book, ledger, changed
        self.topic = f"pruning-{secrets.token_hex(6)}"
        self.inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.attempts = Attempts(settings, book, ledger, changed, self.inbox.put)
        self.stranded = Stranded(self.attempts)
        self.audience = Audience(book, self.attempts, changed, settings.owners)
        self.keeper = Keeper(book, ledger, changed)
        self.closing = False
        self.trouble = ""
        """Why there are no workers, or why some cannot be used."""
        self.beaten = True
        """Whether this server could say last that it is alive, and write what it owes."""
        self.away = ""
        """Why the store does not answer."""
        self.thread: threading.Thread | None = None
        self.since = self.beat = time.time()
        self.watched = 0.0
        self.census: dict[str, dict[str, Any]] = {}
        """The last answer of each worker about its memory and caches, by address."""
        self._due: dict[str, float] = {}

    # what other threads call

    def start(self) -> None:
        """Start the thread, which starts the workers.

        Raises:
            PruningError: when the engine is closed.
        """
        with self.changed:
            if self.closing:
                raise PruningError("The engine is closed.")
            if self.thread is None:
                self.thread = threading.Thread(target=self._loop, name="pruning-engine", daemon=True)
                self.thread.start()

    def nudge(self) -> None:
        """Make the thread look at the queue now."""
        self.inbox.put(lambda: None)

    def close(self) -> None:
        """End the thread, the connection, and this machine's workers."""
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
                    self.beat = time.time()
                    self._connect()
                    self._read()
                    self._periodic()
                    self.attempts.dispatch()
                except StoreError as error:  # the database is away, say: no error of ours, and reported once a minute
                    self.away = str(error)
                    if self._is_due("say", SAY_SECONDS):
                        log.warning("%s", error)
                    time.sleep(TICK_SECONDS)
                except Exception:
                    if not threading.main_thread().is_alive():  # the program is ending
                        return
                    log.exception("The engine met an error and goes on.")
                    time.sleep(TICK_SECONDS)
        finally:
            self._shut()

    def _read(self) -> None:
        """Wait for something to do, then do all that is there."""
        try:
            self.inbox.get(timeout=TICK_SECONDS)()
            while True:
                self.inbox.get_nowait()()
        except queue.Empty:
            return

    def _connect(self) -> None:
        """Connect, at first and whenever the connection or the workers were lost."""
        attempts = self.attempts
        if attempts.link is not None and not attempts.link.alive:
            log.warning("The workers are gone: starting again.")
            journal.note("workers gone")
            self.book.fail("", "The scheduler ended unexpectedly; all workers are started again.")
            self.census = {}
            attempts.link.close()
            attempts.link = None
            for attempt in list(attempts.running.values()):
                attempts.died(attempt)
        if attempts.link is not None or not self._is_due("connect", RETRY_SECONDS):
            return
        try:
            began = time.monotonic()
            attempts.link = Link(
                self.settings, self.task, self.topic, self._listen, self.ledger.store, lambda: self.closing
            )
            self.trouble = ""
            journal.note("connected", seconds=round(time.monotonic() - began, 3))
        except PruningError as error:
            if self.closing:
                return
            if str(error) != self.trouble:
                log.warning("%s", error)
            self.trouble = str(error)
            with self.changed:
                for job in list(self.book.queue):
                    job.note = str(error)
                    if not job.durable:
                        attempts.finish(job, "failed", str(error))

    def _listen(self, event: dict[str, Any]) -> None:
        self.inbox.put(lambda: self.attempts.hear(event))

    def _counted(self, census: dict[str, dict[str, Any]]) -> None:
        self.census = {address: said for address, said in census.items() if isinstance(said, dict)}

    def _periodic(self) -> None:
        attempts = self.attempts
        attempts.overdue()
        if self._is_due("audience", AUDIENCE_SECONDS):
            self.audience.look()
        if attempts.link is not None and (self._is_due("count", COUNT_SECONDS) or not attempts.workers):
            attempts.workers = attempts.link.count()
            self.stranded.look()
            if attempts.link.joining is not None:
                self.trouble = " ".join(sorted(attempts.link.joining.refused.values()))
        often = time.monotonic() - self.watched < WATCHED_SECONDS
        if attempts.link is not None and self._is_due(*(("look", 3.0) if often else ("census", CENSUS_SECONDS))):
            attempts.link.census(self._counted)
        if self._is_due("beat", BEAT_SECONDS):
            self.beaten = False
            self.keeper.beat()
            self.beaten = True
        if self._is_due("adopt", ADOPT_SECONDS):
            self.keeper.adopt()
            if self.beaten:  # a store that can be read only is no better
                self.away = ""

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True

    def _shut(self) -> None:
        # What was cancelled a moment ago must not come back with the next server; what this one stops itself, and so
        # tells last, must.
        while not self.inbox.empty():
            self._closing(self.inbox.get_nowait())
        self._closing(self.ledger.settle)
        self._closing(self.ledger.give_back)
        for attempt in self.attempts.running.values():
            self._closing(partial(self.attempts.tell, attempt))
        if self.attempts.link is not None:
            self.attempts.link.close()
        with self.changed:
            for job in list(self.book.active.values()):
                job.durable = False  # it is given back already
                self.attempts.finish(job, "cancelled")

    @staticmethod
    def _closing(what: Callable[[], None]) -> None:
        """Do one of the last things; the others are done whatever becomes of it."""
        try:
            what()
        except Exception:
            log.exception("The engine met an error while closing.")
