"""What the engine does from time to time for durable jobs: say that it lives, take over what others left."""

from __future__ import annotations

import threading

from pruning.engine import journal
from pruning.engine.book import Book
from pruning.engine.ledger import Ledger


class Keeper:
    """Called by the engine's thread, without the lock; takes it only to look at the book or change it."""

    def __init__(self, book: Book, ledger: Ledger, changed: threading.Condition) -> None:
        self.book, self.ledger, self.changed = book, ledger, changed

    def beat(self) -> None:
        """Keep this server's leases alive; run here what another server was at and has finished, or left."""
        with self.changed:
            durable = [job for job in self.book.active.values() if job.durable]
            mine = {job.id: (job.done, job.total) for job in durable if not job.elsewhere}
        self.ledger.beat(mine)
        for job in durable:
            if job.elsewhere and self.ledger.released(job):
                with self.changed:
                    if not job.finished:
                        self.book.ready(job)

    def adopt(self) -> None:
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
                    journal.note("adopted", job)
                    job.note = "It was interrupted when a server stopped, and goes on."
                    self.book.ready(job)
