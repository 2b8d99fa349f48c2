"""How a server is doing, as tables for its administrator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pruning.engine.health import Failure, Health
    from pruning.engine.jobs import JobView
    from pruning.store.footprint import StoreFootprint

MB = 1e6
GB = 1e9
FILES = {
    "training": "checkpoints of trainings",
    "checkpoint": "masked models to take home",
    "small": "small models to take home",
}
"""What the kinds of artefacts are."""


def headline(health: Health, problems: Iterable[str]) -> str:
    """The finding in one sentence."""
    wrong = " ".join(problems)
    if wrong:
        return wrong
    if not health.workers:
        return "Workers are starting"
    idle = sum(not worker.job for worker in health.workers)
    waiting = f"{health.queued} waiting" if health.queued else "nothing waits"
    return f"All is well: {idle} of {len(health.workers)} workers free, {waiting}"


def figures(health: Health, room: StoreFootprint) -> dict[str, str]:
    """The figures at the top: name, value with its unit."""
    wanted = f" of {health.wanted}" if health.wanted else ""
    workers = sum(worker.memory or 0 for worker in health.workers)
    return {
        "Workers": f"{len(health.workers)}{wanted}",
        "Running": str(health.running),
        "Waiting": str(health.queued),
        "People waiting": str(health.people),
        "Longest wait": f"{health.page_wait:.0f} s for a page, {health.sweep_wait:.0f} s for a sweep",
        "Server memory": f"{health.memory / MB:,.0f} MB",
        "Workers' memory": f"{workers / MB:,.0f} MB",
        "Free disk": f"{room.free / GB:,.1f} of {room.total / GB:,.0f} GB",
    }


def jobs(views: Iterable[JobView], words: Mapping[str, str]) -> pd.DataFrame:
    """Unfinished jobs in the order in which they run; ``words`` says what each is about, by its id."""
    rows = [
        {
            "state": view.state,
            "before it": str(view.waiting) if view.state == "queued" else "",
            "what": words.get(view.id, ""),
            "kind": "sweep" if view.durable else "page",
            "done (%)": 100 * view.share,
            "running for (s)": view.seconds if view.started else None,
            "note": view.note,
            "job": view.id,
        }
        for view in views
    ]
    columns = ["state", "before it", "what", "kind", "done (%)", "running for (s)", "note", "job"]
    return pd.DataFrame(rows, columns=columns)


def workers(health: Health, words: Mapping[str, str]) -> pd.DataFrame:
    """Worker processes: what each holds and is at."""
    rows = [
        {
            "process": worker.pid,
            "memory (MB)": (worker.memory or 0) / MB,
            "busy with": words.get(worker.job, worker.job) or "free",
        }
        | {name: f"{held} of {most}" for name, (held, most) in worker.caches.items()}
        for worker in health.workers
    ]
    return pd.DataFrame(rows).fillna("")


def failures(lately: Iterable[Failure], stored: Iterable[tuple[float, str, str]]) -> pd.DataFrame:
    """What failed, newest first: what this server saw, and what the store knows from before (when, what, which job)."""
    seen = list(lately)
    known = {failure.job for failure in seen}
    rows = [(failure.at, failure.sentence, failure.job) for failure in seen]
    rows += [row for row in stored if row[2] not in known]
    table = pd.DataFrame(sorted(rows, reverse=True), columns=["when", "what happened", "job"])
    return table.assign(when=pd.to_datetime(table["when"].astype("float64"), unit="s", utc=True))


def bounds(health: Health, room: StoreFootprint) -> pd.DataFrame:
    """Caches and files against their bounds; ``full (%)`` is the share of the bound."""
    rows = [
        ("results in the server's memory", *health.results, ""),
        ("size of these results", *(size / MB for size in health.result_bytes), "MB"),
    ]
    names = dict.fromkeys(name for worker in health.workers for name in worker.caches)
    for name in names:
        held = [worker.caches[name] for worker in health.workers if name in worker.caches]
        fullest = max(held, key=lambda pair: pair[0] / pair[1])
        rows.append((f"{name} in a worker's memory, fullest worker", *fullest, ""))
    for kind, (count, size, bound) in room.artefacts.items():
        rows.append((f"{FILES.get(kind, kind)}, {count} files", size / MB, bound / MB, "MB"))
    table = pd.DataFrame(rows, columns=["what", "now", "bound", "unit"])
    return table.assign(**{"full (%)": 100 * table["now"] / table["bound"]})
