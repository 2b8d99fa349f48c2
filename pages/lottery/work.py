"""The work behind the page Lottery ticket: one study a network, round by round, and the rows that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.lottery import state
from pages.shared import jobs as background
from pages.shared.server import engine, store
from pruning.common.environment import ASSETS
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import remembered
from pruning.engine.jobs import JobView
from pruning.results.tickets import Stored, read_stored
from pruning.study.methods.defaults import defaults_of
from pruning.study.methods.tickets import TEST, TRACE, Experiment, TicketCell
from pruning.study.study import Study


@dataclass(frozen=True)
class TicketWork:
    """The networks of some seeds, which are one job: their cells, and the keys of the two results of each."""

    study: Study
    cells: list[TicketCell]
    keys: list[tuple[str, str]]


@dataclass(frozen=True)
class TicketProgress:
    """How an experiment stands: rows of finished networks, how many there will be, jobs that lack some, those that
    are unfinished, how many were stopped, sentences of failures."""

    rows: list[dict[str, Any]]
    total: int
    missing: list[TicketWork]
    running: list[JobView]
    stopped: int
    errors: list[str]
    seconds: float | None
    """Mean time of the finished networks that were trained here."""

    @property
    def share(self) -> float:
        """Networks that are there, and the part of those under way that is trained; 0 to 1."""
        lacking = sum(len(work.cells) for work in self.missing)
        begun = sum(view.share * len(view.study.networks) for view in self.running if view.study)
        return min(1.0, (self.total - lacking + begun) / self.total)


@st.cache_data(max_entries=4, show_spinner=False)
def _stored(stamp: tuple[tuple[str, float], ...]) -> list[Stored]:
    return read_stored(ASSETS / "lottery")


def stored() -> list[Stored]:
    """Finished experiments that come with the program."""
    files = sorted((ASSETS / "lottery").glob("*.json"))
    return _stored(tuple((path.name, path.stat().st_mtime) for path in files))


@remembered(PAGE_TABLES)
def works(experiment: Experiment, parts: int) -> list[TicketWork]:
    """All jobs; hashing some hundred specifications takes a while, so they are kept."""
    found = []
    for study, cells in experiment.studies(parts):
        keys = [(one.measure_key(TRACE), one.measure_key(TEST)) for one in study.cells()]
        found.append(TicketWork(study, cells, keys))
    return found


def look(experiment: Experiment) -> TicketProgress:
    """What is finished, under way, stopped and failed. Rows once read are kept: traces are long."""
    have: dict[str, tuple[dict[str, Any], float]] = st.session_state.setdefault("lottery_rows", {})
    every = works(experiment, at_once())
    lacking = [pair for work in every for pair in zip(work.cells, work.keys, strict=True) if pair[1][0] not in have]
    found = store().get([key for _, keys in lacking for key in keys]) if lacking else {}
    for cell, (trace, test) in lacking:
        if trace in found and test in found:
            have[trace] = (cell.row(found[trace].value, found[test].value), found[trace].seconds)
    missing = [work for work in every if any(trace not in have for trace, _ in work.keys)]
    jobs = background.jobs(work.study for work in missing)
    running = [view for view in jobs if not view.finished]
    stopped = sum(view.state in ("cancelled", "failed") for view in jobs)
    done = [have[trace] for work in every for trace, _ in work.keys if trace in have]
    seconds = sum(time for _, time in done) / len(done) if done else None
    total = sum(len(work.cells) for work in every)
    return TicketProgress([row for row, _ in done], total, missing, running, stopped, background.errors(jobs), seconds)


def begin(experiment: Experiment, missing: Sequence[TicketWork]) -> None:
    """Ask for all that is missing, and list it under Runs; each job goes round by round, and on from its checkpoints.

    Raises:
        PruningError: the engine or the store cannot take it.
    """
    background.begin_all(work.study for work in missing)
    name = f"Lottery ticket: {experiment.sentence()}"
    background.listed(experiment.study, name, state.PAGE, state.words())


def estimate(experiment: Experiment, found: TicketProgress) -> tuple[float, bool]:
    """Seconds until all is there, and whether that was measured."""
    each, measured = network_seconds(experiment, found)
    workers = min(at_once(), max(1, len(found.missing)))
    return each * (found.total - len(found.rows)) / workers, measured


def network_seconds(experiment: Experiment, found: TicketProgress) -> tuple[float, bool]:
    """Time of one network, and whether that was measured."""
    guess = experiment.train.steps * experiment.train.batch * defaults_of(experiment.model).seconds + 1
    return found.seconds or guess, found.seconds is not None


def at_once() -> int:
    """Jobs that train at the same time: all workers but the one that answers sliders."""
    return max(1, engine().settings.workers - 1)
