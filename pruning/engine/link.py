"""The connection to Dask: one client, on this machine's workers or on a cluster by address. No policy here."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from pruning.common.environment import Settings
from pruning.common.errors import Missing, PruningError, reason
from pruning.engine.cluster import Cluster
from pruning.store.store import Store

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5
COUNT_SECONDS = 2
CENSUS_SECONDS = 20


class Link:
    """A connection. All methods are for the engine's own thread; those that may block say so.

    Args:
        task: dotted path of the task function.
        store: the server's, which workers of a cluster must share.
        topic: name under which workers report to this server.
        listen: called with each report, in Dask's thread: must return at once.
        unwanted: whether the server is ending: workers that are still starting are given up.

    Raises:
        PruningError: when no scheduler answers, in one sentence.
    """

    def __init__(
        self,
        settings: Settings,
        task: str,
        topic: str,
        listen: Callable[[dict[str, Any]], None],
        store: Store,
        unwanted: Callable[[], bool] = lambda: False,
    ) -> None:
        try:
            from pruning.engine import tasks
            from pruning.engine.client import Client, check_certificates
            from pruning.engine.joining import Joining
        except ImportError as error:
            raise Missing(
                f"Running studies in the background needs Dask: pip install distributed ({reason(error)})."
            ) from None
        for name in ("distributed.client", "distributed.core", "distributed.batched"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # a lost connection is ours to report, once
        self.settings, self.task, self.topic, self.tasks, self._asking = settings, task, topic, tasks, False
        self.cluster = None if settings.scheduler else Cluster(settings, task, unwanted)
        address = self.cluster.address if self.cluster else str(settings.scheduler)
        if self.cluster is None:
            check_certificates(address)
        try:
            security = self.cluster.security() if self.cluster else None
            self.client = Client(
                address, security=security, set_as_default=False, timeout=CONNECT_SECONDS, name="pruning"
            )
        except Exception as error:
            self._end_cluster()
            raise _silent(address, error) from error
        try:
            self.client.subscribe_topic(topic, lambda event: listen(event[1]))
            if self.cluster:
                self.client.register_plugin(tasks.Prepare(task))
            self.joining = None if self.cluster else Joining(self.client, settings, task, store)
        except Exception as error:
            self.close()
            raise error if isinstance(error, PruningError) else _silent(address, error) from error

    @property
    def alive(self) -> bool:
        return self.client.status in ("running", "connecting") and (self.cluster is None or self.cluster.alive)

    def submit(self, key: str, study_json: str, priority: int, gpu: bool, ended: Callable[[], None]) -> Any:
        """Hand one attempt to Dask; returns its future. A higher priority runs first, also among several servers.

        ``gpu``: on a cluster, only a worker that offers one may take it. On this machine all workers see the same.

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
            resources=self.joining.demands(gpu) if self.joining else None,
        )
        future.add_done_callback(lambda _future: ended())
        return future

    def tell(self, key: str, worker: str | None) -> None:
        """Tell a worker (all workers where it is not known) that an attempt is to stop; does not wait."""
        self._send(self.tasks.cancel, key, worker)

    def kill(self, key: str, future: Any, worker: str) -> None:
        """End a worker process that does not listen; its nanny starts another one. Does not wait."""
        if self.cluster is None:
            self._soon(partial(self._kill_elsewhere, key, future, worker))
        else:
            self._send(self.tasks.kill, None, worker, nanny=True)

    async def _kill_elsewhere(self, key: str, future: Any, worker: str) -> None:
        """A scheduler that is not ours may try the task again on another worker, which must know then that it is
        cancelled; and it must not call the worker free before that has ended."""
        scheduler: Any = self.client.scheduler
        run = partial(self.client.run, on_error="ignore", asynchronous=True)
        with contextlib.suppress(OSError, TimeoutError):  # one that hangs, this one perhaps, keeps all from answering
            await asyncio.wait_for(run(self.tasks.cancel, key), COUNT_SECONDS)
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(run(self.tasks.kill, workers=[worker], nanny=True), COUNT_SECONDS)
        with contextlib.suppress(OSError, TimeoutError):
            for _attempt in range(COUNT_SECONDS * 10):
                if worker not in (await asyncio.wait_for(scheduler.identity(), COUNT_SECONDS))["workers"]:
                    break
                await asyncio.sleep(0.1)
        await self.client.cancel([future], asynchronous=True)

    def count(self) -> int:
        """Workers that may compute for this server now. Waits for the scheduler, two seconds at most; 0 without one."""
        try:
            if self.joining is not None:
                self.joining.look()
                return len(self.joining.admitted)
            return sum(self.client.nthreads(callback_timeout=COUNT_SECONDS).values())
        except (OSError, TimeoutError):  # it is ending: ``alive`` will say so
            return 0

    def census(self, heard: Callable[[dict[str, dict[str, Any]]], None]) -> None:
        """Ask all workers what they hold; does not wait. ``heard`` is called with the answers by address, in Dask's
        thread."""

        async def ask() -> None:
            try:
                run = self.client.run(self.tasks.census, on_error="ignore", asynchronous=True)
                heard(await asyncio.wait_for(run, CENSUS_SECONDS))
            except (OSError, TimeoutError) as error:  # the next question, or ``alive``, will tell
                log.debug("asking the workers", exc_info=error)
            finally:
                self._asking = False

        if not self._asking:
            self._asking = True
            self._soon(ask)

    def gpus(self) -> float:
        """Workers that compute for this server and offer a GPU; no bound on this machine, whose workers share it."""
        return math.inf if self.joining is None else sum(self.joining.admitted.values())

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
            self.client.end(2.0)
        except Exception:  # the scheduler is gone already
            log.debug("closing the client", exc_info=True)

    def _end_cluster(self) -> None:
        if self.cluster is not None:
            self.cluster.close()


def _silent(address: str, error: Exception) -> PruningError:
    return PruningError(f"No Dask scheduler answers at {address} ({type(error).__name__}).")
