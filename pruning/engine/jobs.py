"""A job as the server sees it, and the frozen view of it that pages get."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pruning.store.records import FINISHED, JobState

if TYPE_CHECKING:
    from pruning.study.study import Study

RATE_SECONDS = 30.0
"""The rate of progress is that of the last half minute: stored results at the start would make it look too good."""


class Waiter(NamedTuple):
    """Who waits for a job, and where: a slot is a place on a page that shows one job at a time.

    ``owner`` is whose the job is; ``person`` is whose turn it takes. They differ where nobody signs in: everybody owns
    everything then, but each browser session has its own turn.
    """

    owner: str
    slot: str | None
    person: str
    session: str = ""
    """The browser session that it waits in; "" for what is no browser, and never leaves by itself."""


@dataclass(frozen=True)
class JobView:
    """One look at a job. Shared by all who look: never change ``rows`` or ``partial``.

    Attributes:
        done, total: progress in the task's own unit; ``done`` never goes back.
        partial: the latest partial results, by the keys that the task gave.
        rows: all results when the state is "done"; None before, and None for a job that finished so long ago that the
            server has forgotten them: submit the study again, the store answers.
        error: one sentence when the state is "failed".
        wrong: whether it failed because of what was asked for.
        seconds_left: estimate from the rate of the last half minute, or None.
        started: when it began to run, in seconds since 1970, or None.
        seconds: how long it has run, or ran.
        waiting: jobs before it in the queue; 0 when it runs, or is next.
    """

    id: str
    state: JobState
    done: float = 0.0
    total: float = 0.0
    note: str = ""
    partial: dict[str, Any] = field(default_factory=dict)
    rows: list[Any] | None = None
    error: str = ""
    wrong: bool = False
    seconds_left: float | None = None
    started: float | None = None
    seconds: float = 0.0
    waiting: int = 0
    durable: bool = False
    owner: str = ""
    study: Study | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINISHED

    @property
    def share(self) -> float:
        """Progress between 0 and 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0


@dataclass(eq=False)
class Attempt:
    """One run of a job in a worker; a job whose worker dies gets another one. ``job`` is None once it is given up."""

    key: str
    job: Job | None
    durable: bool
    gpu: bool = False
    sent: float = field(default_factory=time.monotonic)
    future: Any = None
    worker: str | None = None
    cancelled: float | None = None
    killed: float | None = None


@dataclass(eq=False)
class Job:
    """A study that somebody waits for. Changed only under the engine's lock."""

    id: str
    study: Study
    owner: str
    durable: bool
    waiters: set[Waiter] = field(default_factory=set)
    arrival: int = 0
    """Its place in the order in which jobs came."""
    turn: int = 1
    """When it was handed out: which of its person's outstanding jobs it was."""
    state: JobState = "queued"
    done: float = 0.0
    total: float = 0.0
    note: str = ""
    partial: dict[str, Any] = field(default_factory=dict)
    rows: list[Any] | None = None
    size: int = 0
    error: str = ""
    wrong: bool = False
    """Failed because of what was asked for, not because of this machine."""
    started: float | None = None
    ended: float | None = None
    attempt: Attempt | None = None
    deaths: int = 0
    used: float = field(default_factory=time.monotonic)
    """When somebody asked for it or looked at it last."""
    queued: float = field(default_factory=time.monotonic)
    """When it began to wait for a worker, the last time."""
    yielded: int = 0
    """How often it made room for other people's."""
    away: bool = False
    """A page's job for which nobody is there at this moment: those of people who are there come first."""
    elsewhere: bool = False
    """Another server is computing it: this one waits for that, and then reads the results from the store."""
    marks: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=256))

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def gpu(self) -> bool:
        """Whether any part of the study is to run on a CUDA device."""
        study = self.study
        devices = [study.base.device, *study.axes.get("device", ()), *(one.base.device for one in study.networks)]
        return any(str(device).startswith("cuda") for device in devices)

    def progress(self, done: float, total: float, note: str, partial: dict[str, Any]) -> None:
        """Take in what a worker reports. A repeated attempt starts from zero; the job does not."""
        now = time.monotonic()
        if total != self.total:
            self.done, self.total = min(done, total), total
            self.marks.clear()
        self.done = max(self.done, min(done, total))
        self.note = note
        if partial:
            self.partial = {**self.partial, **partial}
        if total and (not self.marks or self.done > self.marks[-1][1]):
            self.marks.append((now, self.done))
        while len(self.marks) > 2 and self.marks[0][0] < now - RATE_SECONDS:
            self.marks.popleft()

    def seconds_left(self) -> float | None:
        """Estimated seconds to the end, or None before there is a rate."""
        if self.state != "running" or len(self.marks) < 2:
            return None
        (first, before), (last, done) = self.marks[0], self.marks[-1]
        rate = (done - before) / max(last - first, 1e-3)
        return max(0.0, (self.total - done) / rate - (time.monotonic() - last))

    def finish(self, state: JobState, error: str = "") -> None:
        """Reach an end."""
        self.state, self.error, self.ended, self.attempt = state, error, time.time(), None
        if state == "done":
            self.total = self.total or 1.0
            self.done = self.total

    def view(self, waiting: int) -> JobView:
        """What a page may look at."""
        end = self.ended or time.time()
        return JobView(
            id=self.id,
            state=self.state,
            done=self.done,
            total=self.total,
            note=self.note,
            partial=self.partial,
            rows=self.rows,
            error=self.error,
            wrong=self.wrong,
            seconds_left=self.seconds_left(),
            started=self.started,
            seconds=end - self.started if self.started else 0.0,
            waiting=waiting,
            durable=self.durable,
            owner=self.owner,
            study=self.study,
        )
