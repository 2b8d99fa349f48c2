"""What the store hands out: frozen records, no database types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

JobState = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
UNFINISHED: tuple[JobState, ...] = ("queued", "running", "interrupted")
FINISHED: tuple[JobState, ...] = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class StoredMeasure:
    """One measured result. ``seconds`` is what it took to measure; ``images`` over how many images, if over any."""

    key: str
    state_key: str
    measure: str
    value: dict[str, Any]
    seconds: float
    device: str
    images: int | None
    machine: str
    created: datetime
    origin: Literal["stored", "bundled"]


@dataclass(frozen=True)
class StoredRun:
    """A study that a person keeps, or that took real work. ``study`` is its JSON text."""

    id: str
    created: datetime
    updated: datetime
    owner: str
    name: str
    note: str
    model: str
    scorer: str
    granularity: str
    allocation: str
    sparsity: str
    kept: bool
    seconds: float
    study: str
    summary: dict[str, Any]


@dataclass(frozen=True)
class StoredJob:
    """Work that was asked for and outlives the server. Times are seconds since 1970; ``traceback`` is for the log."""

    id: str
    study: str
    owner: str
    state: JobState
    created: float
    started: float | None
    ended: float | None
    done: float
    total: float
    error: str
    traceback: str
    server: str
    beat: float
