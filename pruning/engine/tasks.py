"""What runs inside a worker process. No Streamlit here; torch and ``run`` only when they are used.

Nothing is raised into Dask: a task returns an outcome, so that an error's sentence and its traceback arrive whole.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pickle
import threading
import time
import traceback
from collections import OrderedDict
from functools import lru_cache
from typing import Any

from distributed import WorkerPlugin, get_worker

from pruning.common.environment import Settings
from pruning.common.errors import WRONG_INPUT, Cancelled, PruningError, unforeseen
from pruning.engine import heap

EVENTS_PER_SECOND = 5.0
EVENTS_AT_ONCE = 3.0
"""A short burst is let through, so that the first figure of a quick job is seen at once."""
CANCELLED_KEPT = 1000

_cancelled: OrderedDict[str, None] = OrderedDict()
_rest = heap.Rest()


def cancel(key: str) -> None:
    """Note that an attempt is to stop; called in the worker's event loop, while a task runs in its thread."""
    _cancelled[key] = None
    while len(_cancelled) > CANCELLED_KEPT:
        _cancelled.popitem(last=False)


def kill(dask_worker: Any) -> None:
    """Called in a nanny: end its worker process at once; the nanny starts another one."""
    if dask_worker.pid:
        os.kill(dask_worker.pid, 9)


def census() -> dict[str, Any]:
    """What this worker process is and holds; called in its event loop, also while it computes."""
    import psutil

    from pruning.common.memory import sizes

    _rest.look()
    return {"pid": os.getpid(), "memory": psutil.Process().memory_info().rss, "caches": sizes()}


@lru_cache(maxsize=4)
def _store(settings: Settings) -> Any:
    from pruning.store.store import Store

    return Store(settings)


class Reporter:
    """The ``progress`` that a task calls between batches: tells the server, and raises ``Cancelled``.

    At most ``EVENTS_PER_SECOND`` messages leave; partial results of calls that are held back go with the next one.
    """

    def __init__(self, worker: Any, topic: str, key: str) -> None:
        self.worker, self.topic, self.key = worker, topic, key
        self.pending: dict[str, Any] = {}
        self.allowance, self.last = EVENTS_AT_ONCE, time.monotonic()

    def __call__(self, done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        self.check()
        self.pending.update(partial or {})
        now = time.monotonic()
        self.allowance = min(EVENTS_AT_ONCE, self.allowance + (now - self.last) * EVENTS_PER_SECOND)
        self.last = now
        if self.allowance >= 1:
            self.allowance -= 1
            self.send("progress", done=float(done), total=float(total), note=note, partial=self._packed())

    def check(self) -> None:
        """Raise ``Cancelled`` when the attempt is to stop."""
        if self.key in _cancelled:
            raise Cancelled("The work was cancelled.")

    def send(self, what: str, **content: Any) -> None:
        self.worker.log_event(self.topic, {"what": what, "key": self.key, **content})

    def _packed(self) -> bytes:
        """Partial results may hold arrays, which Dask's events do not carry: bytes do."""
        packed = pickle.dumps(self.pending, protocol=5) if self.pending else b""
        self.pending = {}
        return packed


def work(key: str, topic: str, task: str, study_json: str, settings: Settings) -> dict[str, Any]:
    """Run one study in this worker.

    Args:
        key: the attempt's name.
        topic: where the server listens.
        task: dotted path of the function that does it ("pruning.study.run:run").

    Returns:
        ``{"state": "done", "rows": pickled rows}``, ``{"state": "cancelled"}``, or ``{"state": "failed", "error":
        one sentence, "traceback": text or "", "wrong": whether it was asked for wrongly}``.
    """
    worker = get_worker()
    _rest.begun()
    report = Reporter(worker, topic, key)
    report.send("started", worker=worker.address, pid=os.getpid())
    try:
        report.check()  # it may have been cancelled on its way here
        module, _, name = task.partition(":")
        function = getattr(importlib.import_module(module), name)
        from pruning.study.study import load_study

        rows = function(load_study(study_json), _store(settings), report)
        return {"state": "done", "rows": pickle.dumps(rows, protocol=5)}
    except Cancelled:
        return {"state": "cancelled"}
    except PruningError as error:
        return {"state": "failed", "error": str(error), "traceback": "", "wrong": isinstance(error, WRONG_INPUT)}
    except BaseException as error:
        return {"state": "failed", "error": unforeseen(error), "traceback": traceback.format_exc()}
    finally:
        _rest.ended()


async def introduce(settings: Settings, token: str, dask_worker: Any) -> dict[str, Any]:
    """What a worker of a cluster reports about itself before it gets work; see ``joining``. The slow part runs beside
    the worker's event loop."""
    name = dask_worker.id.replace("-", "")[-32:]
    gpu = bool(dask_worker.state.total_resources.get("GPU"))

    def look() -> dict[str, Any]:
        from pruning.engine.papers import papers
        from pruning.engine.shared import answer

        return {"papers": papers(), "shared": answer(_store(settings), token, name), "cuda": gpu and _cuda()}

    found = await asyncio.get_running_loop().run_in_executor(None, look)
    return found | {
        "name": name,
        "threads": dask_worker.state.nthreads,
        "nanny": bool(dask_worker.nanny),
        "gpu": gpu,
    }


def _cuda() -> bool:
    import torch

    return torch.cuda.is_available()


async def admit(task: str, resource: str, dask_worker: Any) -> None:
    """Make a worker of a cluster ready, and let tasks that ask for the resource come to it."""
    Prepare(task).setup(dask_worker)
    if resource not in dask_worker.state.total_resources:
        await dask_worker.set_resources(**{resource: 1})


class Prepare(WorkerPlugin):
    """Worker plugin: a modest place in the queue for the processor, one torch thread, memory that is kept from
    batch to batch, and everything imported."""

    name = "pruning"

    def __init__(self, task: str) -> None:
        self.task = task

    def setup(self, worker: Any) -> None:
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, 0, 10)  # on Linux this thread and those it starts: all that compute
        for name, value in (("OMP_WAIT_POLICY", "PASSIVE"), ("GOMP_SPINCOUNT", "0")):
            os.environ.setdefault(name, value)
        heap.keep()
        threading.Thread(target=self._import, name="import", daemon=True).start()

    def _import(self) -> None:
        try:
            import torch

            torch.set_num_threads(1)
        except ImportError:
            return  # the task will say what is missing
        try:
            importlib.import_module(self.task.partition(":")[0])
        except Exception:
            return  # the task imports it again and reports the error
