"""The connection to Dask: one client, on this machine's workers or on a cluster by address. No policy here."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from pruning.engine.cluster import Cluster
from pruning.errors import Missing, PruningError
from pruning.settings import Settings

CONNECT_SECONDS = 5
COUNT_SECONDS = 2


class Link:
    """A connection. All methods are for the engine's own thread; those that may block say so.

    Args:
        task: dotted path of the task function.
        topic: name under which workers report to this server.
        listen: called with each report, in Dask's thread: must return at once.

    Raises:
        PruningError: when no scheduler answers, in one sentence.
    """

    def __init__(self, settings: Settings, task: str, topic: str, listen: Callable[[dict[str, Any]], None]) -> None:
        try:
            from distributed import Client

            from pruning.engine import tasks
        except ImportError as error:
            raise Missing(f"Running studies in the background needs Dask: pip install distributed ({error}).") from None
        for name in ("distributed.client", "distributed.core", "distributed.batched"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # a lost connection is ours to report, once
        self.settings, self.task, self.topic, self.tasks = settings, task, topic, tasks
        self.cluster = None if settings.scheduler else Cluster(settings, task)
        address = self.cluster.address if self.cluster else str(settings.scheduler)
        try:
            self.client = Client(address, set_as_default=False, timeout=CONNECT_SECONDS, name="pruning")
            self.client.subscribe_topic(topic, lambda event: listen(event[1]))
            self.client.register_plugin(tasks.Prepare(task))
        except Exception as error:
            self._end_cluster()
            raise PruningError(f"No Dask scheduler answers at {address} ({type(error).__name__}).") from error

    @property
    def alive(self) -> bool:
        return self.client.status in ("running", "connecting") and (self.cluster is None or self.cluster.alive)

    def submit(self, key: str, study_json: str, priority: int, ended: Callable[[], None]) -> Any:
        """Hand one attempt to Dask; returns its future. A higher priority runs first, also among several servers.

        ``ended`` is called from another thread.
        """
        future = self.client.submit(
            self.tasks.work,
            key,
            self.topic,
            self.task,
            study_json,
            self.settings,
            key=key,
            pure=False,
            retries=0,
            priority=priority,
        )
        future.add_done_callback(lambda _future: ended())
        return future

    def tell(self, key: str, worker: str | None) -> None:
        """Tell a worker (all workers where it is not known) that an attempt is to stop; does not wait."""
        self._send(self.tasks.cancel, key, worker)

    def kill(self, future: Any, worker: str) -> None:
        """End a worker process that does not listen; its nanny starts another one. Does not wait."""
        if self.cluster is None:  # a scheduler that is not ours would try it again on another worker
            self._soon(partial(self.client.cancel, [future], asynchronous=True))
        self._send(self.tasks.kill, None, worker, nanny=True)

    def count(self) -> int:
        """Worker threads that are there now. Waits for the scheduler's answer, two seconds at most; 0 without one."""
        try:
            return sum(self.client.nthreads(callback_timeout=COUNT_SECONDS).values())
        except (OSError, TimeoutError):  # it is ending: ``alive`` will say so
            return 0

    def census(self, heard: Callable[[dict[str, dict[str, Any]]], None]) -> None:
        """Ask all workers what they hold; does not wait. ``heard`` is called with the answers by address, in Dask's
        thread."""

        async def ask() -> None:
            heard(await self.client.run(self.tasks.census, on_error="ignore", asynchronous=True))

        self._soon(ask)

    def close(self) -> None:
        """Give the connection up, and end the workers if they are ours. Waits a few seconds at most."""
        closing = threading.Thread(target=self._close_client, daemon=True)
        closing.start()
        closing.join(5)
        self._end_cluster()

    def _send(self, function: Callable[..., Any], key: str | None, worker: str | None, nanny: bool = False) -> None:
        run = partial(
            self.client.run,
            function,
            *([key] if key else []),
            workers=[worker] if worker else None,
            nanny=nanny,
            on_error="ignore",
            asynchronous=True,
        )
        self._soon(run)

    def _soon(self, call: Callable[[], Any]) -> None:
        """Make a call in Dask's own thread, without waiting for its end."""
        loop = self.client.loop
        if loop is not None:
            loop.add_callback(call)

    def _close_client(self) -> None:
        try:
            self.client.close(timeout=2)
        except Exception:  # the scheduler is gone already
            logging.getLogger(__name__).debug("closing the client", exc_info=True)

    def _end_cluster(self) -> None:
        if self.cluster is not None:
            self.cluster.close()
