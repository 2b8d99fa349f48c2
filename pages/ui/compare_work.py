"""Work of the page Compare: what is known of each approach, what is lacking, and how long that would take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pages.ui import background
from pages.ui.background import job
from pages.ui.server import engine, store
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
        untimed: approaches without times of the machine that is shown.
        running: jobs under way that measure.
        making: jobs under way that make files.
        errors: sentences of failures.
        about: the dense network's record: when and where it was measured.
        timed: the machine of all times that are shown; empty where there are none.
        here: whether that is this machine.
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
    """What is finished, lacking, under way and failed; times of one machine only: this one, if it has any."""
    every = works(plan)
    keys = [key for work in every.values() for key in (work.test, work.validation, work.sizes)]
    found = store().get([*keys, *(work.times() for work in every.values())])
    about = found.get(every["dense"].test)
    here = any(work.times() in found for work in every.values())
    where = "" if here or about is None else about.machine
    if where:
        found |= store().get([work.times(where) for work in every.values()])
    results = {}
    for name, work in every.items():
        if all(key in found for key in (work.test, work.validation, work.sizes)):
            times = found.get(work.times(where))
            parts = (found[key].value for key in (work.test, work.validation, work.sizes))
            origin = found[work.test].origin
            results[name] = Result(work.approach, *parts, times.value if times else None, origin)
    lacking = [work for name, work in every.items() if name not in results]
    untimed = [work for work in every.values() if work.times(where) not in found]
    timed = "" if len(untimed) == len(every) else where or machine()
    running, errors = _jobs([*(work.study for work in lacking), *(work.timing for work in untimed)])
    making, unmade = _jobs([work.files for work in every.values()])
    return Known(results, lacking, untimed, running, making, errors + unmade, about, timed, here)


def _jobs(wanted: list[Study]) -> tuple[list[JobView], list[str]]:
    """Jobs under way for some studies, and why others failed."""
    studies = {study.key: study for study in wanted}
    active = {view.id: view for view in engine().views()}
    running = [active[key] for key in studies if key in active]
    ended = [job(study) for key, study in studies.items() if key not in active]
    return running, list(dict.fromkeys(view.error for view in ended if view is not None and view.error))


def busy(plan: Plan) -> bool:
    """Whether something is under way."""
    known = look(plan)
    return bool(known.running or known.making)


def begin(plan: Plan, known: Known, words: dict[str, str]) -> None:
    """Ask for all that is lacking; what shares a training asks for it once.

    Raises:
        PruningError: the engine or the store cannot take it.
    """
    for work in known.lacking:
        background.begin(work.study)
    background.listed(works(plan)["dense"].study, f"Compare: {len(works(plan))} ways, {plan.model}", "compare", words)


def time_here(plan: Plan) -> None:
    """Ask for the times of all approaches on this machine."""
    for study in dict.fromkeys(work.timing for work in works(plan).values()):
        background.begin(study)


def seconds(lacking: list[Work], plan: Plan) -> float:
    """A rough guess of how long approaches take: trainings that are shared count once."""
    each = defaults_of(plan.model).seconds * plan.fine.batch
    trainings = {work.approach.recipe[: _last(work.approach)]: work.approach.trains for work in lacking}
    return sum(trainings.values()) * each + SECONDS * len(lacking)


def files(work: Work) -> list[Path]:
    """The approach's files, where this server has made them lately."""
    view = job(work.files)
    paths = [Path(row["value"]["path"]) for row in view.rows or ()] if view is not None else []
    return list(dict.fromkeys(path for path in paths if path.is_file()))


def _last(approach: Approach) -> int:
    """How many steps there are up to the last training."""
    kinds: list[Any] = [step.kind for step in approach.recipe]
    return len(kinds) - kinds[::-1].index("train") if "train" in kinds else 0


def progress(running: list[JobView]) -> float:
    """Mean share of the jobs under way."""
    return sum(view.share for view in running) / max(1, len(running))
