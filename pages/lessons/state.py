"""Where a learner is: the step that the address names, guesses, and what was passed."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.shared import address
from pruning.results.lessons.lesson import Lesson, lessons
from pruning.results.lessons.shape import PARTS

PLACE = "lessons_place"


@dataclass(frozen=True)
class Place:
    """A step of a lesson; lesson 0 is the list of all."""

    lesson: int = 0
    part: str = PARTS[0]

    @property
    def words(self) -> dict[str, str]:
        """Of the address."""
        return {"lesson": str(self.lesson), "step": self.part} if self.lesson else {}


def current() -> tuple[Place, list[str]]:
    """Where the learner is: by the link, else where the session was; what of a link could not be used, as sentences."""
    link = address.fresh("lessons")
    if not link:
        return st.session_state.get(PLACE, Place()), address.changes("lessons")
    place, wrong = Place(), []
    number, part = link.get("lesson", "0"), link.get("step", PARTS[0])
    known = lessons()
    if number.isdecimal() and int(number) in known:
        place = Place(int(number), part if part in PARTS else PARTS[0])
        if part not in PARTS:
            wrong.append(f"A lesson has the steps {', '.join(PARTS)}; the link names '{part}', so it begins.")
    elif number != "0":
        wrong.append(f"There are lessons {min(known)} to {max(known)}; the link names '{number}'.")
    st.session_state[PLACE] = place
    return place, address.changed("lessons", wrong)


def go(place: Place) -> None:
    """Open a step; the last one of each lesson is where a learner goes on."""
    st.session_state[PLACE] = place
    if place.lesson:
        st.session_state.setdefault("lessons_reached", {})[place.lesson] = place.part


def reached() -> dict[int, str]:
    """The step at which the learner is, of each lesson that was opened."""
    return st.session_state.setdefault("lessons_reached", {})


def guesses() -> dict[int, float | str]:
    """What the learner committed to, by lesson."""
    return st.session_state.setdefault("lessons_guesses", {})


def passed() -> set[int]:
    """Lessons whose task is done."""
    return st.session_state.setdefault("lessons_passed", set())


def following(lesson: Lesson, part: str) -> Place:
    """The step after this one: the next part, or the next lesson, or the list."""
    at = PARTS.index(part) + 1
    if at < len(PARTS):
        return Place(lesson.number, PARTS[at])
    later = [number for number in lessons() if number > lesson.number]
    return Place(min(later)) if later else Place()
