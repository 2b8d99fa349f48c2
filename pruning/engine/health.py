"""How a server stands: its workers, its queue, what failed, and whether that is as it should be. Plain data."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SILENT_SECONDS = 60.0
"""A server whose engine has not come round for so long is stuck."""
STARVED_SECONDS = 30.0
"""A page that has waited for a worker for so long, while all are busy, is not well served."""
STARTING_SECONDS = 240.0
"""So long may workers be missing after a start."""


@dataclass(frozen=True)
class WorkerView:
    """One worker process.

    Attributes:
        pid: on its machine; None until it has answered.
        memory: resident bytes; pages that it shares with others are counted in each.
        job: id of the job it is at, or "".
        caches: for each of its memories how many things it holds and at most may.
    """

    address: str
    pid: int | None = None
    memory: int | None = None
    job: str = ""
    caches: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """A job that failed, or a worker that was lost; ``at`` in seconds since 1970."""

    at: float
    job: str
    sentence: str


@dataclass(frozen=True)
class Health:
    """One look at a server's engine.

    Attributes:
        at, since, beat: seconds since 1970: now, when the engine started, when its thread last came round.
        memory: resident bytes of the server's process.
        wanted: workers that there should be; 0 on a cluster, whose size is its own affair.
        trouble: why there are no workers, or why the store does not answer, a sentence each, or "".
        results, result_bytes: finished results in the server's memory, and their bounds.
        failures: the latest, newest first.
        page_wait, sweep_wait: how long the first page's job and the first sweep have waited for a worker, in seconds.
    """

    server: str
    pid: int
    at: float
    since: float
    beat: float
    memory: int
    wanted: int
    workers: tuple[WorkerView, ...]
    queued: int
    running: int
    people: int
    trouble: str
    results: tuple[int, int]
    result_bytes: tuple[int, int]
    failures: tuple[Failure, ...] = ()
    page_wait: float = 0.0
    sweep_wait: float = 0.0

    @property
    def starved(self) -> bool:
        """Whether a page waits for longer than it should, while no worker is free."""
        busy = bool(self.workers) and all(worker.job for worker in self.workers)
        return busy and self.page_wait > STARVED_SECONDS

    def problems(self) -> list[str]:
        """What is not as it should be, a sentence each; empty when all is well."""
        found = []
        if self.trouble:
            found.append(self.trouble)
        elif self.at - self.since > STARTING_SECONDS and len(self.workers) < max(1, self.wanted):
            found.append(f"{len(self.workers)} of {max(1, self.wanted)} workers are there.")
        if self.starved:
            found.append(
                f"All {len(self.workers)} workers are busy, and a page has waited for one for {self.page_wait:.0f} s: "
                "cancel what takes them, or give the server more workers."
            )
        if self.at - self.beat > SILENT_SECONDS:
            found.append(f"The engine of server {self.pid} has not come round for {self.at - self.beat:.0f} s.")
        return found

    def report(self) -> dict[str, Any]:
        """What other processes may know, as JSON: no sentences of failed jobs, which may name files."""
        return asdict(self) | {"failures": len(self.failures), "problems": self.problems()}


def gone(server: str) -> bool:
    """Whether a server of this machine (``host:process:random``) has ended. Of another machine's only silence tells."""
    host, _, rest = server.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit() or os.name != "posix":
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def stale(report: Mapping[str, Any]) -> str:
    """Why a server's report says that it is not well, or ""."""
    silent = time.time() - float(report["at"])
    if silent > SILENT_SECONDS:
        return f"Server {report['pid']} has said nothing for {silent:.0f} s."
    return " ".join(report["problems"])
