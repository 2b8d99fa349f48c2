"""The work behind the page Lottery ticket: one study a network, round by round, and the rows that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import streamlit as st

from pages.lottery import state
from pages.shared import jobs as background
from pages.shared.estimates import Estimate, training
from pages.shared.server import engine
from pages.shared.standing import Standing, Wanted, standing
from pruning.common.environment import ASSETS
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import remembered
from pruning.results.tickets import Stored, read_stored
from pruning.study.methods.tickets import TEST, TRACE, Experiment, TicketCell
from pruning.study.study import Study
from pruning.training.options import trained_on


@dataclass(frozen=True)
class TicketWork:
    """The networks of some seeds, which are one job: their cells, and the keys of the two results of each."""

    study: Study
    cells: list[TicketCell]
    keys: list[tuple[str, str]]


@dataclass(frozen=True)
class TicketProgress:
    """How an experiment stands: rows of finished networks, how many there will be, work that lacks some, its jobs."""

    rows: list[dict[str, Any]]
    total: int
    missing: list[TicketWork]
    standing: Standing
    seconds: float | None
    """Mean time of the finished networks that were trained here."""

    @property
    def share(self) -> float:
        """Networks that are there, and the part of those under way that is trained; 0 to 1."""
        lacking = sum(len(work.cells) for work in self.missing)
        begun = sum(view.share * len(view.study.networks) for view in self.standing.running if view.study)
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
    unread = {work.study: tuple(keys for keys in work.keys if keys[0] not in have) for work in every}
    now = standing(Wanted(study, tuple(chain(*keys))) for study, keys in unread.items() if keys)
    for work in every:
        for cell, (trace, test) in zip(work.cells, work.keys, strict=True):
            if trace in now.found and test in now.found:
                have[trace] = (cell.row(now.found[trace].value, now.found[test].value), now.found[trace].seconds)
    missing = [work for work in every if work.study in now.lacking]
    done = [have[trace] for work in every for trace, _ in work.keys if trace in have]
    seconds = sum(time for _, time in done) / len(done) if done else None
    total = sum(len(work.cells) for work in every)
    return TicketProgress([row for row, _ in done], total, missing, now, seconds)


def begin(experiment: Experiment, missing: Sequence[TicketWork]) -> None:
    """Ask for all that is missing, and list it under Runs; each job goes round by round, and on from its checkpoints.

    Raises:
        PruningError: the engine or the store cannot take it.
    """
    background.begin_all(work.study for work in missing)
    name = f"Lottery ticket: {experiment.sentence()}"
    background.listed(experiment.study, name, state.PAGE, state.words())


def estimate(experiment: Experiment, found: TicketProgress) -> Estimate:
    """The time until all is there."""
    workers = min(at_once(), max(1, len(found.missing)))
    return one_network(experiment, found) * ((found.total - len(found.rows)) / workers)


def one_network(experiment: Experiment, found: TicketProgress) -> Estimate:
    """The time of one network: as those took that are finished, else as long as its training may take."""
    if found.seconds is not None:
        return Estimate(found.seconds)
    return training(experiment.model, experiment.device, trained_on([experiment.train]))


def at_once() -> int:
    """Jobs that train at the same time: all workers but the one that answers sliders."""
    return max(1, engine().settings.workers - 1)
