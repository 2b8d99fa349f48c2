"""Which workers of a cluster may compute for this server: asked once when they appear, admitted or refused.

A worker that is admitted gets a resource by a name that only servers with the same papers, store and task use, and
every task asks for one unit of it. So Dask itself sends work to admitted workers only, one task at a time, and a worker
that was restarted gets nothing before it was asked again.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from functools import partial
from typing import Any

from pruning.common.environment import Settings
from pruning.common.errors import PruningError, reason, with_kind
from pruning.common.hashing import digest
from pruning.engine import shared, tasks
from pruning.engine.papers import difference, papers
from pruning.store.store import Store

log = logging.getLogger(__name__)

GPU = "GPU"
"""The resource's name, as in ``dask worker --resources "GPU=1"``."""
ABSENT = "No module named 'pruning"
"""What a worker says that cannot import the program; over TLS it comes as a plain Exception that quotes it."""
AGAIN_SECONDS = 30.0
"""A refused worker is asked again after this time: a folder may have been mounted meanwhile."""
ANSWER_SECONDS = 120.0
"""A worker that does not answer within this time (it hashes the data first) is asked again."""


class Joining:
    """The roll of workers. The engine's thread calls ``look`` from time to time; answers come in Dask's thread.

    Attributes:
        present: addresses of all workers that the scheduler knows.
        admitted: those that compute for this server, and whether they offer a GPU.
        refused: why others do not, by address, one sentence each.
        news: whether a worker was admitted since this was set to False.
    """

    def __init__(self, client: Any, settings: Settings, task: str, store: Store) -> None:
        self.client, self.settings, self.task, self.store = client, settings, task, store
        self.mine = papers()
        self.resource = "pruning-" + digest(self.mine, settings.store, str(settings.artefacts), task)
        self.present: set[str] = set()
        self.admitted: dict[str, bool] = {}
        self.refused: dict[str, str] = {}
        self.news = False
        self._asked: dict[str, float] = {}
        self._looking = False
        self._lock = threading.Lock()

    @property
    def settled(self) -> bool:
        """Whether there are workers, and each has been admitted or refused."""
        return bool(self.present) and self.present <= {*self.admitted, *self.refused}

    def demands(self, gpu: bool) -> dict[str, float]:
        """The resources that a task asks for."""
        return {self.resource: 1} | ({GPU: 1} if gpu else {})

    def look(self) -> None:
        """See who is there, and ask those who are new. Does not wait: what is seen is there at a later look."""
        if not self._looking:
            self._looking = True
            self.client.loop.add_callback(self._see)

    async def _see(self) -> None:
        """One look. In Dask's thread, as all that follows: nothing here may hold it up."""
        try:
            workers = (await self.client.scheduler.identity())["workers"]
        except Exception as error:  # the connection is ending: the engine will notice
            log.debug("looking at the scheduler", exc_info=error)
            return
        finally:
            self._looking = False
        now = time.monotonic()
        with self._lock:
            self.present = set(workers)
            before, self.admitted = (
                set(self.admitted),
                {
                    address: bool(worker["resources"].get(GPU))
                    for address, worker in workers.items()
                    if self.resource in worker["resources"]
                },
            )
            self.news = self.news or bool(set(self.admitted) - before)
            self.refused = {a: why for a, why in self.refused.items() if a in workers and a not in self.admitted}
            self._asked = {a: when for a, when in self._asked.items() if a in workers}
            limits = {a: AGAIN_SECONDS if a in self.refused else ANSWER_SECONDS for a in workers}
            new = [a for a in workers if a not in self.admitted and now - self._asked.get(a, -math.inf) > limits[a]]
            self._asked |= dict.fromkeys(new, now)
        for address in new:
            self.client.loop.add_callback(self._ask, address)

    async def _ask(self, address: str) -> None:
        """Ask one worker for its papers, and admit it or note why not."""
        run = partial(self.client.run, workers=[address], on_error="return", asynchronous=True)
        try:
            token = await asyncio.to_thread(shared.leave, self.store)
            said = (await run(tasks.introduce, self.settings, token)).get(address)
            why = await asyncio.to_thread(self._verdict, said, token)
            if not why:
                failed = (await run(tasks.admit, self.task, self.resource)).get(address)
                why = f"could not be prepared ({with_kind(failed)})" if failed else ""
        except PruningError as error:  # the server's own store or folder: nobody would learn of it otherwise
            why = f"was not asked, since this server cannot use its store ({reason(error)})"
        except Exception as error:  # the worker, the store or the whole connection went away meanwhile
            log.debug("asking %s", address, exc_info=error)
            return
        sentence = f"The worker {address} {why}."
        with self._lock:
            if why and self.refused.get(address) != sentence:
                log.warning(sentence)
                self.refused[address] = sentence

    def _verdict(self, said: Any, token: str) -> str:
        """Why a worker is refused, as the end of a sentence; nothing when it is welcome."""
        try:
            return verdict(self.mine, said) or shared.answered(self.store, token, said["name"])
        finally:
            shared.forget(self.store, token)


def verdict(mine: dict[str, Any], said: Any) -> str:
    """What a worker's own words (see ``tasks.introduce``) are against: the end of a sentence, or nothing."""
    if isinstance(said, ImportError | AttributeError) or (isinstance(said, Exception) and ABSENT in str(said)):
        return f"has no pruning, or another version of it ({said}): start it in a checkout, with PYTHONPATH=$PWD"
    if isinstance(said, BaseException):
        return f"could not say what it has ({type(said).__name__}: {said})"
    if not isinstance(said, dict):
        return "has gone"
    if other := difference(mine, said["papers"]):
        return f"differs from this server: it has {other}"
    if said["threads"] != 1:
        return f"runs {said['threads']} tasks at once, which share one torch: start it with --nthreads 1"
    if not said["nanny"]:
        return "has no nanny that starts it again after a kill: start it without --no-nanny"
    if said["gpu"] and not said["cuda"]:
        return "offers a GPU (--resources), but its torch sees none"
    return said["shared"]
