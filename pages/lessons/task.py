"""The last step: the learner sets controls, has the network measured, and passes when all goals are met."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.lessons import work
from pages.lessons.parts import onward
from pages.lessons.state import passed
from pages.shared import jobs
from pages.shared.live import live
from pages.shared.plain import plain
from pruning.common.errors import PruningError
from pruning.results.lessons.findings import findings
from pruning.results.lessons.lesson import Lesson
from pruning.results.lessons.quantities import COUNT, QUANTITIES
from pruning.results.lessons.shape import SideBySide


def do(lesson: Lesson) -> None:
    """The task, its controls and what came of them."""
    task, key = lesson.task, f"lesson_task_{lesson.number}"
    st.markdown(lesson.texts["do"])
    st.markdown("\n".join(f"- {goal.words()}" for goal in task.goals))
    chosen = []
    columns = st.columns(len(task.controls))
    for place, (control, column) in enumerate(zip(task.controls, columns, strict=True)):
        chosen.append(
            column.selectbox(
                control.label,
                control.values,
                control.values.index(control.start),
                key=f"{key}_{place}",
                format_func=control.said,
            )
        )
    try:
        experiment = task.experiment(tuple(chosen))
    except PruningError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return
    if st.button("Measure", key=f"{key}_measure", icon=":material/play_arrow:", type="primary"):
        st.session_state[f"{key}_asked"] = experiment
        jobs.start(lambda: jobs.begin_all(work.wanted(experiment, begin=False).lacking))
    asked: SideBySide | None = st.session_state.get(f"{key}_asked")
    if asked is not None:
        if asked != experiment:
            st.caption("Below: what you measured last.")
        busy = bool(work.wanted(asked, begin=False).running)
        live(partial(checked, lesson, asked, key), f"{key}_part", busy)
    if lesson.number in passed():
        onward(lesson, "do", "Next lesson")


def checked(lesson: Lesson, experiment: SideBySide, key: str) -> bool:
    """The measured quantities against the goals; returns whether they are under way."""
    now = work.wanted(experiment, begin=False)
    found = work.values(experiment, now)
    if found is None:
        work.waiting(now, key)
        return bool(now.running)
    numbers = findings(experiment, found)["yours"]
    goals = lesson.task.goals
    rows = [
        f"| {'✓' if goal.met(numbers[goal.quantity]) else '✗'} | {goal.words()} "
        f"| {QUANTITIES[goal.quantity].words(numbers[goal.quantity])} |"
        for goal in goals
    ]
    st.markdown("\n".join(["| | goal | measured |", "|---|---|---|", *rows]))
    st.caption(f"Accuracy on {COUNT:,} validation images: choices are made on these, test images only report.")
    if all(goal.met(numbers[goal.quantity]) for goal in goals):
        passed().add(lesson.number)
        st.success("Passed: all goals are met.", icon=":material/check_circle:")
    else:
        missing = sum(not goal.met(numbers[goal.quantity]) for goal in goals)
        st.warning(f"Not yet: {missing} of {len(goals)} goals missed. Change something and measure again.")
    return False
