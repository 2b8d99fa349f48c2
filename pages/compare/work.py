"""Work of the page Compare: what is known of each approach, what is lacking, and asking for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pages.compare.tasks import ApproachJob, tasks
from pages.shared import jobs
from pages.shared.answers import look as answer_to
from pages.shared.server import store
from pages.shared.standing import Wanted, standing, whole
from pruning.common.bits import array_of
from pruning.common.environment import machine
from pruning.engine.jobs import JobView
from pruning.results.tradeoffs import Result
from pruning.store.records import StoredMeasure
from pruning.study.methods.approaches import CHOICE, REPORT, ComparisonPlan
from pruning.study.study import MeasureSpec, Study


@dataclass(frozen=True)
class KnownApproaches:
    """How a comparison stands.

    Attributes:
        results: by approach.
        lacking: approaches that were not measured.
        untimed: approaches without times of this machine.
        running: jobs under way that measure.
        making: jobs under way that make files.
        errors: sentences of failures.
        about: the dense network's record: when and where it was measured.
        later: one for each other day and machine on which stored accuracies were added.
        timed: the machine of all times that are shown; empty where there are none.
        here: whether that is this machine, or would be.
    """

    results: dict[str, Result]
    lacking: list[ApproachJob]
    untimed: list[ApproachJob]
    running: list[JobView]
    making: list[JobView]
    errors: list[str]
    about: StoredMeasure | None
    later: list[StoredMeasure]
    timed: str
    here: bool


def look(plan: ComparisonPlan) -> KnownApproaches:
    """What is finished, lacking, under way and failed; times of one machine only: this one's as soon as it has those of
    every way that is known, before that those that come with the program."""
    every = tasks(plan)
    measuring = standing(Wanted(task.study, task.keys) for task in every.values())
    timing = standing(Wanted(task.timing, (task.times(),)) for task in every.values())
    files = standing(whole(task.files) for task in every.values())
    found = measuring.found | timing.found
    known = {name: task for name, task in every.items() if found.keys() >= set(task.keys)}
    lacking = [task for name, task in every.items() if name not in known]
    untimed = [task for task in every.values() if task.times() not in found]
    about = found.get(every["dense"].test)
    stored = about is not None and about.origin == "bundled"
    tests = [found[task.test] for task in known.values()]
    later = {(one.created, one.machine): one for one in tests if one.origin == "bundled"}
    if about is not None:
        later.pop((about.created, about.machine), None)
    here = not stored or all(task.times() in found for task in known.values())
    where = "" if here or about is None else about.machine
    found |= store().get([task.times(where) for task in known.values()]) if where else {}
    results = {name: _result(task, found, where) for name, task in known.items()}
    timed = (where or machine()) if any(result.times for result in results.values()) else ""
    running, errors = (measuring + timing).running, (measuring + timing + files).errors
    return KnownApproaches(
        results, lacking, untimed, running, files.running, errors, about, list(later.values()), timed, here
    )


def _result(task: ApproachJob, found: Mapping[str, StoredMeasure], where: str) -> Result:
    """An approach that was measured, with its times of a machine if there are any."""
    times = found.get(task.times(where))
    parts = (found[key].value for key in task.keys)
    return Result(task.approach, *parts, times.value if times else None, found[task.test].origin)


def labels(plan: ComparisonPlan) -> dict[str, np.ndarray]:
    """Right classes of test and validation, by which worst classes are found; empty until they are known."""
    found = {}
    for split, count in (("test", REPORT), ("validation", CHOICE)):
        spec = MeasureSpec(name="labels", options={"split": split, "count": count})
        study = Study(base=plan.base, recipe=(), measures=(spec,))
        value = answer_to(study, f"compare_labels_{split}", automatic=True).value
        if not value or "labels" not in value:
            return {}
        found[split] = array_of(value["labels"], "uint16", value["count"]).astype(np.int64)
    return found


def busy(plan: ComparisonPlan) -> bool:
    """Whether something is under way."""
    known = look(plan)
    return bool(known.running or known.making)


def begin(plan: ComparisonPlan, known: KnownApproaches, words: dict[str, str]) -> None:
    """Ask for all that is lacking; what shares a training asks for it once.

    Raises:
        PruningError: the engine or the store cannot take it.
    """
    jobs.begin_all(task.study for task in known.lacking)
    jobs.listed(tasks(plan)["dense"].study, f"Compare: {len(tasks(plan))} ways, {plan.model}", "compare", words)


def time_here(known: KnownApproaches) -> None:
    """Ask for the times that this machine lacks.

    Raises:
        PruningError: the engine or the store cannot take it.
    """
    jobs.begin_all(dict.fromkeys(task.timing for task in known.untimed))
