"""The work behind curves: which results each run needs, and the jobs that measure them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pages.choices.curves import View
from pages.choices.setting import Setting
from pages.shared.answers import PROFILE, SIZE
from pages.shared.estimates import Estimate, passes
from pruning.common.levels import LEVELS
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import remembered
from pruning.criteria.kinds import granularities
from pruning.results.frames import GRID
from pruning.study.study import MeasureSpec, Study

FIRST = (0, 900, 980, 800, 500, 950, 990, 700, 960, 850, 995, 999)
"""Levels of the first picture, in the order in which they are measured: its shape is seen early."""
FEW = 1000
"""Images of the first picture."""
ALL = 10_000


@dataclass(frozen=True)
class CurveWork:
    """One run of a curve: its studies, and the keys of its results by level.

    Attributes:
        curve, run: names for people.
        first, full: the study of the first picture, and of all levels on all images.
        keys: for "full", "first" (accuracies), "verdicts", "few_verdicts" and "sizes": measure keys by level.
        profile: key of the run's profile.
    """

    curve: str
    run: str
    setting: Setting
    recalibrate: bool
    first: Study
    full: Study
    keys: Mapping[str, Mapping[int, str]]
    profile: str

    @property
    def levels(self) -> tuple[int, ...]:
        return tuple(self.keys["full"])


def works(view: View) -> list[CurveWork]:
    """The runs of all curves, in their order."""
    return [
        _work(curve.label(), run, setting, curve.recalibrate, view.split)
        for curve in view.curves
        for run, setting in view.runs(curve)
    ]


@remembered(4 * PAGE_TABLES)
def _work(curve: str, run: str, setting: Setting, recalibrate: bool, split: str) -> CurveWork:
    """Studies and keys; hashing a hundred specifications takes a while, so they are kept."""
    pattern = granularities[setting.granularity](**setting.granularity_options).stops()
    levels = GRID if pattern is None else tuple(level for level in pattern if level < LEVELS)
    early = FIRST if pattern is None else levels
    measures = {
        "full": spec("accuracy", split, ALL),
        "first": spec("accuracy", split, FEW),
        "verdicts": spec("verdicts", split, ALL),
        "few_verdicts": spec("verdicts", split, FEW),
        "sizes": SIZE,
    }
    study = setting.curve(PROFILE, levels, recalibrate=recalibrate)
    cells = {cell.level: cell for cell in study.cells()}
    plain = {cell.level: cell for cell in setting.curve(SIZE, levels).cells()}  # as many bytes
    return CurveWork(
        curve,
        run,
        setting,
        recalibrate,
        first=setting.curve(PROFILE, early, recalibrate=recalibrate).model_copy(
            update={"measures": (PROFILE, measures["first"], measures["few_verdicts"])}
        ),
        full=study.model_copy(update={"measures": (PROFILE, measures["full"], measures["verdicts"])}),
        keys={
            name: {level: cell.measure_key(measure) for level, cell in (plain if name == "sizes" else cells).items()}
            for name, measure in measures.items()
        },
        profile=cells[levels[0]].measure_key(PROFILE),
    )


def spec(name: str, split: str, count: int) -> MeasureSpec:
    """A measure on the first images of a split."""
    return MeasureSpec(name=name, options={"split": split, "count": count})


def estimate(view: View, count: int) -> Estimate:
    """How long so many points take on all images."""
    return passes(view.model, view.device, ALL * count)
