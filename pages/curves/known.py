"""What the store has of each run of a curve, and which of its jobs are on their way."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pages.choices.curves import View
from pages.curves.work import CurveWork, works
from pages.shared.answers import SIZE, ask
from pages.shared.answers import look as look_up
from pages.shared.server import store
from pages.shared.standing import Standing, Wanted, standing
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import Recent
from pruning.engine.jobs import JobView
from pruning.results.curves import left_at, left_of_weights
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base


@dataclass(frozen=True)
class KnownCurves:
    """What the store has of a run.

    Attributes:
        points: for each level that has any accuracy, the best one (most images) with what is left there.
        lacking: levels without an accuracy on all images.
        sizes: levels without bytes.
        dense_bytes: of the dense file, NaN before it is known.
        measuring: how its studies of accuracies stand, while it lacks some.
        making: how the study of its files stands.
    """

    points: list[dict[str, Any]]
    lacking: tuple[int, ...]
    sizes: tuple[int, ...]
    dense_bytes: float
    measuring: Standing
    making: Standing


_lefts: Recent[dict[str, Any]] = Recent(PAGE_TABLES, "profiles of curves")


def profile_of(work: CurveWork) -> dict[str, Any] | None:
    """The run's profile, if it is known; profiles are large, so they are kept."""
    found = _lefts.get(work.profile)
    if found is None:
        item = store().get([work.profile]).get(work.profile)
        found = None if item is None else _lefts.put(work.profile, item.value)
    return found


def known(work: CurveWork, macs: Mapping[str, Any] | None) -> KnownCurves:
    """Look at the store for all levels of a run."""
    keys = work.keys
    full = standing([Wanted(work.full, tuple(keys["full"].values()))])
    lacking = tuple(level for level in work.levels if keys["full"][level] not in full.found)
    # The first picture is of interest only where the whole one has gaps.
    first = standing([Wanted(work.first, tuple(keys["first"][level] for level in lacking))] if lacking else [])
    making = standing([Wanted(size_study(work), tuple(keys["sizes"].values()))])
    found = full.found | first.found | making.found
    profile = profile_of(work)
    points, sizes, dense = [], [], math.nan
    for level in work.levels:
        best = found.get(keys["full"][level]) or found.get(keys["first"][level])
        size = found.get(keys["sizes"][level])
        if size is None:
            sizes.append(level)
        else:
            dense = float(size.value["dense_bytes"])
        if best is None:
            continue
        left = {} if profile is None else left_at(profile, level, macs)
        if profile is None and work.setting.granularity == "weight" and not work.setting.allocation_options:
            left = left_of_weights(level)
        size_left = {} if size is None else {"bytes": float(size.value["bitmask_bytes"])}
        points.append(
            {"curve": work.curve, "run": work.run, "level": level, "value": best.value, "origin": best.origin}
            | left
            | size_left
        )
    return KnownCurves(points, lacking, tuple(sizes), dense, first + full, making)


def jobs(found: list[tuple[CurveWork, KnownCurves]]) -> Iterator[tuple[CurveWork, JobView]]:
    """The jobs of runs that lack something, ended ones too."""
    for work, has in found:
        for view in has.measuring.jobs:
            yield work, view


def look(view: View) -> list[tuple[CurveWork, KnownCurves]]:
    """All runs of the view with what is known of them."""
    macs = None
    if view.curves:
        study = Study(base=Base(model=view.model), recipe=(), measures=(MeasureSpec(name="macs_table"),))
        # On other axes nothing is asked for, but the table that can be taken home has the column if it is known.
        macs = (ask(study, "macs_table") if view.axis == "macs" else look_up(study)).value
    return [(work, known(work, macs)) for work in works(view)]


def size_study(work: CurveWork) -> Study:
    """The files of a run at all its levels."""
    return work.setting.curve(SIZE, work.levels)


def sizing(found: list[tuple[CurveWork, KnownCurves]]) -> list[JobView]:
    """Jobs that make files and measure them."""
    return [view for _, has in found for view in has.making.running]
