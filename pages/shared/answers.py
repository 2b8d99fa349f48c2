"""Ask for a study: what is known comes at once, the rest from a job that replaces the slot's earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.shared.jobs import job
from pages.shared.live import looked
from pages.shared.server import engine, owner, person, session, store
from pruning.common.errors import PruningError
from pruning.common.limits import LIVE_SECONDS
from pruning.engine.allowance import seconds
from pruning.engine.jobs import JobView
from pruning.results.sentences import duration
from pruning.study.study import MeasureSpec, Study

TEST = MeasureSpec(name="accuracy")
PROFILE = MeasureSpec(name="profile")
SIZE = MeasureSpec(name="size")
COSTLY = "costly"
"""What was asked for while this page was drawn, and does not start by itself: studies with their seconds, by key."""


@dataclass(frozen=True)
class Answer:
    """What a page can show for a study now: a value (perhaps a first, partial one), or a sentence why not."""

    value: dict[str, Any] | None = None
    origin: str = "computed"
    job: JobView | None = None
    error: str = ""

    @property
    def pending(self) -> bool:
        return self.job is not None and not self.job.finished

    @property
    def complete(self) -> bool:
        """Whether the value is there, and not only its first part."""
        return self.value is not None and self.origin != "partial"


def known(study: Study) -> dict[str, Any] | None:
    """The first stored or bundled value of a study of one cell, with its origin, or None."""
    (cell,) = study.cells()
    found = store().get([cell.measure_key(study.measures[0])])
    return next(({"value": item.value, "origin": item.origin} for item in found.values()), None)


def look(study: Study, slot: str = "", automatic: bool = False) -> Answer:
    """The answer to a study of one cell and one measure as it stands: known, or what its job has.

    Args:
        automatic: ask for it in this slot if nobody did. A job that failed or was cancelled waits for a button.
    """
    if (found := known(study)) is not None:
        return Answer(found["value"], found["origin"])
    view = job(study)
    if view is not None and view.state in ("failed", "cancelled"):
        return Answer(job=view, error=view.error)
    if view is not None and (view.rows or not view.finished):
        return _shown(view)
    return ask(study, slot) if automatic else Answer()


def ask(study: Study, slot: str) -> Answer:
    """The answer to a study of one cell and one measure, which is asked for; call it again to see it grow.

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
            if (cost := too_costly(study)) is not None:
                release(slot)
                return cost
            place = f"{session()}/{slot}"
            name = engine().submit(study, owner=owner(), durable=False, slot=place, person=person(), session=session())
            jobs[slot] = (study.key, name)
        view = looked(engine().view(jobs[slot][1]))
    except PruningError as error:
        jobs.pop(slot, None)
        return Answer(error=str(error))
    if view.state == "done" and view.rows is None:
        jobs.pop(slot, None)
        return Answer(job=None, error="The result was forgotten; it is computed again at the next look.")
    if view.state == "cancelled" and view.error:  # everybody had left, and is back
        jobs.pop(slot, None)
        return Answer(job=view, error=view.error)
    if view.state == "cancelled":
        return Answer(job=view, error="Cancelled. Move the slider to start again.")
    return _shown(view)


def too_costly(study: Study) -> Answer | None:
    """The answer to work that does not start by itself, as it takes minutes: the page offers a button for it, or its
    job is under way in the background. None for all other work."""
    if (under_way := job(study)) is not None and not under_way.finished and under_way.durable:
        return _shown(under_way)
    cost = seconds(study, store())
    if cost <= LIVE_SECONDS:
        return None
    st.session_state.setdefault(COSTLY, {})[study.key] = (study, cost)
    return Answer(error=f"This takes {duration(cost)} on one worker, so it does not start by itself.")


def _shown(view: JobView) -> Answer:
    """What a job has found, or has so far."""
    if view.rows:
        return Answer(view.rows[0]["value"], view.rows[0]["origin"], view)
    return Answer(view.partial or None, "partial", view, view.error)


def release(slot: str) -> None:
    """Nobody looks at this slot's job any more: cancel it unless somebody else waits."""
    entry = st.session_state.get("jobs", {}).pop(slot, None)
    if entry is not None:
        engine().cancel(entry[1], owner(), session())
