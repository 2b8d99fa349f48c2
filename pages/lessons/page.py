"""Lessons: look, predict, reveal, explain, do. A link opens any step."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.lessons import parts
from pages.lessons.state import Place, current, go, reached
from pages.lessons.task import do
from pages.shared import address
from pages.shared.plain import plain
from pruning.results.lessons.lesson import Lesson, lessons
from pruning.results.lessons.notebook import notebook
from pruning.results.lessons.shape import PARTS
from pruning.results.lessons.sheet import sheet

TITLE, ICON, GROUP, PLACE = "Lessons", ":material/school:", "Learn", 120

DRAW = {"look": parts.look, "predict": parts.predict, "reveal": parts.reveal, "explain": parts.explain, "do": do}


def page() -> None:
    """The list of lessons, or the step of one."""
    st.session_state["charts"] = {}
    place, wrong = current()
    for sentence in wrong:
        st.warning(plain(sentence), icon=":material/link_off:")
    if place.lesson:
        _lesson(lessons()[place.lesson], place.part)
    else:
        _list()
    address.publish("lessons", st.session_state.get("lessons_place", place).words)


def _list() -> None:
    """All lessons, and where the learner goes on."""
    st.header("Lessons", anchor=False)
    st.caption(
        "Each takes about ten minutes: look, commit to a guess, see the answer, understand it, then do it yourself. "
        "Everything is measured on this machine while you watch."
    )
    for lesson in lessons().values():
        with st.container(border=True, key=f"lesson_{lesson.number}"):
            row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
            state = parts.done(lesson)
            about = f"{lesson.minutes} min{', ' + state if state else ''}"
            row.markdown(f"**{lesson.number}. {lesson.title}**  \n{lesson.question} :gray[({about})]", width="stretch")
            known = reached().get(lesson.number)
            if row.button("Go on" if known else "Begin", key=f"lesson_open_{lesson.number}"):
                go(Place(lesson.number, known or PARTS[0]))
                st.rerun()


def _lesson(lesson: Lesson, part: str) -> None:
    """One step of a lesson under its heading, and the way to the others."""
    if st.button("All lessons", key="lesson_list", icon=":material/arrow_back:", type="tertiary"):
        go(Place())
        st.rerun()
    st.header(f"{lesson.number}. {lesson.title}: {lesson.question}", anchor=False)
    key = f"lesson_steps_{lesson.number}_{part}"
    chosen = st.segmented_control(
        "Step",
        PARTS,
        default=part,
        key=key,
        format_func=parts.VERBS.__getitem__,
        label_visibility="collapsed",
        required=True,
    )
    if chosen and chosen != part:
        go(Place(lesson.number, str(chosen)))
        st.rerun()
    go(Place(lesson.number, part))
    DRAW[part](lesson)
    _take(lesson)


def _take(lesson: Lesson) -> None:
    """The lesson as a notebook and on paper."""
    row = st.container(horizontal=True)
    name = f"lesson-{lesson.number}"
    for label, make, file, kind in (
        ("Notebook", partial(notebook, lesson), f"{name}.ipynb", "application/x-ipynb+json"),
        ("Sheet", partial(sheet, lesson), f"{name}.html", "text/html"),
        ("Sheet for the teacher", partial(sheet, lesson, True), f"{name}-teacher.html", "text/html"),
    ):
        row.download_button(
            label,
            make,
            file,
            kind,
            key=f"lesson_take_{file}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )


if __name__ == "__main__":
    page()
