"""The work behind the page Lottery ticket: one study a network, round by round, and the rows that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import streamlit as st

from pages.ui import background
from pages.ui.background import job
from pages.ui.server import engine, store
from pruning.defaults import defaults_of
from pruning.engine import JobView
from pruning.limits import PAGE_TABLES
from pruning.settings import ROOT
from pruning.specs import Study
from pruning.tickets import TEST, TRACE, Cell, Experiment, Stored, read_stored


@dataclass(frozen=True)
class Work:
    """One network: its cell, study, and the keys of its study and two results."""

    cell: Cell
    study: Study
    key: str
    trace: str
    test: str


@dataclass(frozen=True)
class Progress:
    """How an experiment stands: rows of finished networks, unfinished jobs, what was stopped, sentences of failures."""

    rows: list[dict[str, Any]]
    missing: list[Work]
    running: list[JobView]
    stopped: int
    errors: list[str]
    seconds: float | None
    """Mean time of the finished networks that were trained here."""


@st.cache_data(max_entries=4, show_spinner=False)
def _stored(stamp: tuple[tuple[str, float], ...]) -> list[Stored]:
    return read_stored(ROOT / "assets" / "lottery")


def stored() -> list[Stored]:
    """Finished experiments that come with the program."""
    files = sorted((ROOT / "assets" / "lottery").glob("*.json"))
    return _stored(tuple((path.name, path.stat().st_mtime) for path in files))


@lru_cache(maxsize=PAGE_TABLES)
def works(experiment: Experiment) -> list[Work]:
    """All networks; hashing some hundred specifications takes a while, so they are kept."""
    found = []
    for cell in experiment.cells():
        study = cell.study
        (one,) = study.cells()
        found.append(Work(cell, study, study.key, one.measure_key(TRACE), one.measure_key(TEST)))
    return found


def look(experiment: Experiment) -> Progress:
    """What is finished, under way, stopped and failed. Rows once read are kept: traces are long."""
    have: dict[str, tuple[dict[str, Any], float]] = st.session_state.setdefault("lottery_rows", {})
    every = works(experiment)
    lacking = [work for work in every if work.key not in have]
    found = store().get([key for work in lacking for key in (work.trace, work.test)]) if lacking else {}
    for work in lacking:
        if work.trace in found and work.test in found:
            row = work.cell.row(found[work.trace].value, found[work.test].value)
            have[work.key] = (row, found[work.trace].seconds)
    missing = [work for work in every if work.key not in have]
    active = {view.id: view for view in engine().views()}
    running = [active[work.key] for work in missing if work.key in active]
    ended = [view for work in missing if work.key not in active and (view := job(work.study)) is not None]
    errors = list(dict.fromkeys(view.error for view in ended if view.state == "failed"))
    stopped = sum(view.state in ("cancelled", "failed") for view in ended)
    times = [have[work.key][1] for work in every if work.key in have]
    seconds = sum(times) / len(times) if times else None
    rows = [have[work.key][0] for work in every if work.key in have]
    return Progress(rows, missing, running, stopped, errors, seconds)


def begin(missing: Sequence[Work]) -> None:
    """Ask for all that is missing, in the order of the rounds; prefixes are read from their checkpoints."""
    for one in missing:
        background.begin(one.study)


def estimate(experiment: Experiment, found: Progress) -> tuple[float, bool]:
    """Seconds until all is there, and whether that was measured: all but one worker train at the same time."""
    at_once = max(1, engine().settings.workers - 1)
    guess = experiment.train.steps * experiment.train.batch * defaults_of(experiment.model).seconds + 1
    each = found.seconds or guess
    return each * len(found.missing) / at_once, found.seconds is not None
