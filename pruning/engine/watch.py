"""A look at the engine from outside its thread."""

from __future__ import annotations

import os
import time

from pruning.common.limits import RESULT_BYTES, SERVER_RESULTS
from pruning.engine.health import Health, WorkerView
from pruning.engine.runner import Runner


class Watch:
    """Looks at a runner and its book. May be called from any thread; waits for nothing but the lock."""

    def __init__(self, runner: Runner, server: str) -> None:
        self.runner, self.server = runner, server

    def look(self) -> Health:
        """How this server stands."""
        import psutil

        runner, book = self.runner, self.runner.book
        with runner.changed:
            attempts = list(runner.attempts.running.values())
            active = list(book.active.values())
            now = time.monotonic()
            waits = {
                kind: max((now - job.queued for job in book.queue if job.durable is kind), default=0.0)
                for kind in (False, True)
            }
            busy = {
                attempt.worker: attempt.job.id if attempt.job else "cancelled" for attempt in attempts if attempt.worker
            }
            return Health(
                server=self.server,
                pid=os.getpid(),
                at=time.time(),
                since=runner.since,
                beat=runner.beat,
                memory=psutil.Process().memory_info().rss,
                wanted=0 if runner.settings.scheduler else runner.settings.workers,
                workers=tuple(
                    WorkerView(address, said["pid"], said["memory"], busy.get(address, ""), said["caches"])
                    for address, said in sorted(runner.census.items())
                ),
                queued=len(book.queue),
                running=sum(job.attempt is not None for job in active),
                people=len({waiter.person for job in active for waiter in job.waiters}),
                trouble=" ".join(filter(None, (runner.trouble, runner.away))),
                results=(len(book.finished), SERVER_RESULTS),
                result_bytes=(book.bytes, RESULT_BYTES),
                failures=tuple(book.failures),
                page_wait=waits[False],
                sweep_wait=waits[True],
            )
