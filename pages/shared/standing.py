"""How studies of many results stand: what the store knows of them, which of them lack something, and their jobs.

(A study of one result, which may also live in a slot of the page: see ``answers``.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pages.shared.jobs import errors, jobs
from pages.shared.server import store
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import remembered
from pruning.engine.jobs import JobView
from pruning.store.records import StoredMeasure
from pruning.study.study import Study


@dataclass(frozen=True)
class Wanted:
    """A study, and the keys of its results: with all of them it lacks nothing."""

    study: Study
    keys: tuple[str, ...]


@remembered(4 * PAGE_TABLES)
def whole(study: Study) -> Wanted:
    """A study with all its results, in the order of its cells and measures. Hashing many specifications takes a while,
    so keys are kept."""
    return Wanted(study, tuple(cell.measure_key(measure) for cell in study.cells() for measure in study.measures))


@dataclass(frozen=True)
class Standing:
    """How some studies stand.

    Attributes:
        found: the results that are known, by their keys.
        lacking: studies of which a result is not known.
        jobs: theirs, as far as anybody asked for them; ended ones too.
    """

    found: dict[str, StoredMeasure] = field(default_factory=dict)
    lacking: list[Study] = field(default_factory=list)
    jobs: list[JobView] = field(default_factory=list)

    def __add__(self, other: Standing) -> Standing:
        """Of both together."""
        every = {view.id: view for view in (*self.jobs, *other.jobs)}
        return Standing(self.found | other.found, [*self.lacking, *other.lacking], list(every.values()))

    @property
    def running(self) -> list[JobView]:
        """Jobs that are not finished."""
        return [view for view in self.jobs if not view.finished]

    @property
    def stopped(self) -> int:
        """How many jobs were cancelled, or failed."""
        return sum(view.state in ("cancelled", "failed") for view in self.jobs)

    @property
    def errors(self) -> list[str]:
        """Why jobs failed, each sentence once."""
        return errors(self.jobs)


def standing(wanted: Iterable[Wanted]) -> Standing:
    """Look at the store, and for what it lacks at the jobs."""
    every = list(wanted)
    found = store().get(key for one in every for key in one.keys)
    lacking = list(dict.fromkeys(one.study for one in every if not found.keys() >= set(one.keys)))
    return Standing(found, lacking, jobs(lacking))
