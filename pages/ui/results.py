"""Ask for a study: what is known comes at once, the rest from a job that replaces the slot's earlier one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui.live import looked
from pages.ui.server import engine, owner, person, session, store
from pruning.engine import JobView
from pruning.errors import PruningError
from pruning.frames import GRID, STOPS
from pruning.limits import PAGE_TABLES
from pruning.links import Setting
from pruning.lru import remembered
from pruning.specs import MeasureSpec, Study

TEST = MeasureSpec(name="accuracy")
PROFILE = MeasureSpec(name="profile")
SIZE = MeasureSpec(name="size")


@dataclass(frozen=True)
class Answer:
    """What there is to show for a study: a value (perhaps a first, partial one), or a sentence why not."""

    value: dict[str, Any] | None = None
    origin: str = "computed"
    job: JobView | None = None
    error: str = ""

    @property
    def pending(self) -> bool:
        return self.job is not None and not self.job.finished


def known(study: Study) -> dict[str, Any] | None:
    """The first stored or bundled value of a study of one cell, with its origin, or None."""
    (cell,) = study.cells()
    found = store().get([cell.measure_key(study.measures[0])])
    return next(({"value": item.value, "origin": item.origin} for item in found.values()), None)


def ask(study: Study, slot: str) -> Answer:
    """The answer to a study of one cell and one measure; call it again to see it grow.

    The slot is a place on the page: asking for another study there replaces the job instead of queueing behind it.
    """
    if (found := known(study)) is not None:
        release(slot)
        return Answer(found["value"], found["origin"])
    return _watch(study, slot)


def _watch(study: Study, slot: str) -> Answer:
    """Submit the study unless its job is on its way, and look at it."""
    jobs: dict[str, tuple[str, str]] = st.session_state.setdefault("jobs", {})
    try:
        if jobs.get(slot, ("", ""))[0] != study.key:
            place = f"{session()}/{slot}"
            name = engine().submit(study, owner=owner(), durable=False, slot=place, person=person())
            jobs[slot] = (study.key, name)
        view = looked(engine().view(jobs[slot][1]))
    except PruningError as error:
        jobs.pop(slot, None)
        return Answer(error=str(error))
    if view.state == "done":
        if view.rows is None:
            jobs.pop(slot, None)
            return Answer(job=None, error="The result was forgotten; it is computed again at the next look.")
        return Answer(view.rows[0]["value"], view.rows[0]["origin"], view)
    if view.state == "cancelled":
        return Answer(job=view, error="Cancelled. Move the slider to start again.")
    return Answer(view.partial or None, "partial", view, view.error)


def release(slot: str) -> None:
    """Nobody looks at this slot's job any more: cancel it unless somebody else waits."""
    entry = st.session_state.get("jobs", {}).pop(slot, None)
    if entry is not None:
        engine().cancel(entry[1], owner())


@remembered(PAGE_TABLES)
def _keys(words: str, recalibrate: bool) -> list[tuple[int, str]]:
    """Level and measure key of every stop of a setting's curve; hashing 110 specifications takes a while."""
    setting = Setting.model_validate_json(words)
    study = setting.curve(TEST, tuple(sorted({*GRID, *STOPS})), recalibrate=recalibrate)
    return [(cell.coordinates["0.sparsity"], cell.measure_key(TEST)) for cell in study.cells()]


def curve_points(setting: Setting, variants: tuple[str, ...]) -> list[tuple[int, str, dict[str, Any], str]]:
    """Everything known of a setting's accuracy curve: level, variant, value, origin."""
    words = setting.model_copy(update={"sparsity": 0, "layer": None, "pin": None, "axis": "sparsity"}).model_dump_json()
    points = []
    for variant in variants:
        keys = _keys(words, variant == "recalibrated")
        found = store().get([key for _, key in keys])
        points += [(level, variant, found[key].value, found[key].origin) for level, key in keys if key in found]
    return points


def missing(setting: Setting, points: Iterable[tuple[int, str, Any, str]], variants: tuple[str, ...]) -> list[Study]:
    """Studies of the grid levels that a curve still lacks, one per variant."""
    have = {(level, variant) for level, variant, _, _ in points}
    studies = []
    for variant in variants:
        levels = tuple(level for level in GRID if (level, variant) not in have)
        if levels:
            studies.append(setting.curve(TEST, levels, recalibrate=variant == "recalibrated"))
    return studies
