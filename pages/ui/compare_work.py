"""Work of the page Compare: what is known of each approach, what is lacking, and how long that would take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pages.ui import background
from pages.ui.server import store
from pruning.approaches import Approach, Plan, approaches, files_of, study_of, timing_of
from pruning.defaults import defaults_of
from pruning.engine import JobView
from pruning.limits import PAGE_TABLES
from pruning.settings import machine
from pruning.specs import Study
from pruning.store import StoredMeasure
from pruning.tradeoffs import Result

SECONDS, TIMING = 8.0, 10.0
"""What evaluating and exporting an approach takes beside its training, and timing it: rough guesses."""


@dataclass(frozen=True)
class Work:
    """One approach: its studies, and the keys of what is measured of it."""

    approach: Approach
    study: Study
    timing: Study
    files: Study
    test: str
    validation: str
    sizes: str

    def times(self, where: str = "") -> str:
        """The key of its times on this machine, or on another."""
        return _times(self.timing, where)


@dataclass(frozen=True)
class Known:
    """How a comparison stands.

    Attributes:
        results: by approach.
        lacking: approaches that were not measured.
        untimed: approaches without times of this machine.
        running: jobs under way that measure.
        making: jobs under way that make files.
        errors: sentences of failures.
        about: the dense network's record: when and where it was measured.
        timed: the machine of all times that are shown; empty where there are none.
        here: whether that is this machine, or would be.
    """

    results: dict[str, Result]
    lacking: list[Work]
    untimed: list[Work]
    running: list[JobView]
    making: list[JobView]
    errors: list[str]
    about: StoredMeasure | None
    timed: str
    here: bool


@lru_cache(maxsize=PAGE_TABLES)
def works(plan: Plan) -> dict[str, Work]:
    """All approaches; hashing some hundred specifications takes a while, so they are kept."""
    found = {}
    for name, approach in approaches(plan).items():
        study = study_of(plan.base, approach)
        (cell,) = study.cells()
        keys = map(cell.measure_key, study.measures)
        found[name] = Work(approach, study, timing_of(plan.base, approach), files_of(plan.base, approach), *keys)
    return found


@lru_cache(maxsize=1024)
def _times(timing: Study, where: str) -> str:
    (cell,) = timing.cells()
    return cell.measure_key(timing.measures[0], where)


def look(plan: Plan) -> Known:
    """What is finished, lacking, under way and failed; times of one machine only: this one's as soon as it has those of
    every way that is known, before that those that come with the program."""
    every = works(plan)
    keys = [key for work in every.values() for key in (work.test, work.validation, work.sizes)]
    found = store().get([*keys, *(work.times() for work in every.values())])
    about = found.get(every["dense"].test)
    whole = [name for name, work in every.items() if {work.test, work.validation, work.sizes} <= set(found)]
    untimed = [work for work in every.values() if work.times() not in found]
    stored = about is not None and about.origin == "bundled"
    here = not stored or all(every[name].times() in found for name in whole)
    where = "" if here or about is None else about.machine
    found |= store().get([work.times(where) for work in every.values()]) if where else {}
    results = {}
    for name in whole:
        work = every[name]
        parts = (found[key].value for key in (work.test, work.validation, work.sizes))
        times, origin = found.get(work.times(where)), found[work.test].origin
        results[name] = Result(work.approach, *parts, times.value if times else None, origin)
    lacking = [work for name, work in every.items() if name not in results]
    timed = (where or machine()) if any(result.times for result in results.values()) else ""
    measuring = background.jobs([*(work.study for work in lacking), *(work.timing for work in untimed)])
    files = background.jobs(work.files for work in every.values())
    running, making = ([view for view in views if not view.finished] for views in (measuring, files))
    errors = background.errors([*measuring, *files])
    return Known(results, lacking, untimed, running, making, errors, about, timed, here)


def busy(plan: Plan) -> bool:
    """Whether something is under way."""
    known = look(plan)
    return bool(known.running or known.making)


def begin(plan: Plan, known: Known, words: dict[str, str]) -> None:
    """Ask for all that is lacking; what shares a training asks for it once.

    Raises:
        PruningError: the engine or the store cannot take it.
    """
    background.begin_all(work.study for work in known.lacking)
    background.listed(works(plan)["dense"].study, f"Compare: {len(works(plan))} ways, {plan.model}", "compare", words)


def time_here(known: Known) -> None:
    """Ask for the times that this machine lacks.

    Raises:
        PruningError: the engine or the store cannot take it.
    """
    background.begin_all(dict.fromkeys(work.timing for work in known.untimed))


def seconds(lacking: list[Work], plan: Plan) -> float:
    """A rough guess of how long approaches take: trainings that are shared count once."""
    each = defaults_of(plan.model).seconds * plan.fine.batch
    trainings = {work.approach.recipe[: _last(work.approach)]: work.approach.trains for work in lacking}
    return sum(trainings.values()) * each + SECONDS * len(lacking)


def _last(approach: Approach) -> int:
    """How many steps there are up to the last training."""
    kinds: list[Any] = [step.kind for step in approach.recipe]
    return len(kinds) - kinds[::-1].index("train") if "train" in kinds else 0
