"""What the page Compare needs to know of each approach: its studies, the keys of its results, how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pages.shared.estimates import Estimate, training
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import remembered
from pruning.study.methods.approach_studies import files_of, study_of, timing_of
from pruning.study.methods.approaches import Approach, ComparisonPlan, approaches
from pruning.study.study import Study

REST = Estimate(8.0, rough=True)
"""What evaluating and exporting an approach takes beside its training."""


@dataclass(frozen=True)
class ApproachJob:
    """One approach: its studies, and the keys of what is measured of it."""

    approach: Approach
    study: Study
    timing: Study
    files: Study
    test: str
    validation: str
    sizes: str

    @property
    def keys(self) -> tuple[str, str, str]:
        """Of all that is the same on every machine."""
        return self.test, self.validation, self.sizes

    def times(self, where: str = "") -> str:
        """The key of its times on this machine, or on another."""
        return _times(self.timing, where)


@remembered(PAGE_TABLES)
def tasks(plan: ComparisonPlan) -> dict[str, ApproachJob]:
    """All approaches; hashing some hundred specifications takes a while, so they are kept."""
    found = {}
    for name, approach in approaches(plan).items():
        study = study_of(plan.base, approach)
        (cell,) = study.cells()
        keys = map(cell.measure_key, study.measures)
        found[name] = ApproachJob(approach, study, timing_of(plan.base, approach), files_of(plan.base, approach), *keys)
    return found


@remembered(1024)
def _times(timing: Study, where: str) -> str:
    (cell,) = timing.cells()
    return cell.measure_key(timing.measures[0], where)


def estimate(lacking: list[ApproachJob], plan: ComparisonPlan) -> Estimate:
    """How long approaches take one after another: trainings that are shared count once."""
    trainings = {task.approach.recipe[: _last(task.approach)]: task.approach.trains for task in lacking}
    images = sum(trainings.values()) * plan.fine.batch
    return training(plan.model, plan.base.device, images) + REST * len(lacking)


def _last(approach: Approach) -> int:
    """How many steps there are up to the last training."""
    kinds: list[Any] = [step.kind for step in approach.recipe]
    return len(kinds) - kinds[::-1].index("train") if "train" in kinds else 0
