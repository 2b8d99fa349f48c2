"""The five steps of a lesson: look, predict, reveal, explain, do."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.lessons import work
from pages.lessons.state import Place, following, go, guesses, passed
from pages.shared.live import live
from pruning.results.lessons.findings import findings
from pruning.results.lessons.lesson import Lesson
from pruning.results.lessons.quantities import QUANTITIES
from pruning.results.lessons.shape import SideBySide

VERBS = {"look": "Look", "predict": "Predict", "reveal": "Reveal", "explain": "Explain", "do": "Do"}


def look(lesson: Lesson) -> None:
    """What there is to see first."""
    st.markdown(lesson.texts["look"])
    key = f"lesson_look_{lesson.number}"
    if isinstance(lesson.look, SideBySide):
        live(partial(work.draw, lesson.look, key), f"{key}_part", bool(work.wanted(lesson.look).running), page=False)
    else:
        live(partial(work.histogram, lesson.look, key), f"{key}_part", True, page=False)
    onward(lesson, "look", "Now predict")


def predict(lesson: Lesson) -> None:
    """The learner commits to a guess; its answer is measured meanwhile."""
    st.markdown(lesson.texts["predict"])
    work.wanted(lesson.experiment)
    guess, given = lesson.guess, guesses().get(lesson.number)
    key = f"lesson_guess_{lesson.number}"
    unit = QUANTITIES[guess.quantity].unit
    st.subheader(guess.question, anchor=False)
    if given is not None:
        st.info(f"Your guess: {said(lesson, given)}. It stands.", icon=":material/lock:")
        onward(lesson, "predict", "See the answer")
        return
    if guess.number:
        middle = guess.low + round((guess.high - guess.low) / 2 / guess.step) * guess.step
        value: float | str | None = st.slider(
            f"Your guess ({unit})", float(guess.low), float(guess.high), float(middle), float(guess.step), key=key
        )
    else:
        names = guess.choices or tuple(one.name for one in lesson.experiment.variants)
        value = st.radio("Your guess", names, index=None, key=key)
    if st.button("Commit", key=f"{key}_commit", type="primary", disabled=value is None) and value is not None:
        guesses()[lesson.number] = value
        go(following(lesson, "predict"))
        st.rerun()
    st.caption("A guess cannot be taken back: being surprised is how one learns.")


def reveal(lesson: Lesson) -> None:
    """The result beside the guess."""
    given = guesses().get(lesson.number)
    if given is None:
        st.info("First commit to a guess: then the answer appears here.", icon=":material/lock:")
        if st.button("To the guess", key="lesson_back", type="primary"):
            go(Place(lesson.number, "predict"))
            st.rerun()
        return
    if lesson.texts["reveal"]:
        st.markdown(lesson.texts["reveal"])
    panel = partial(answer, lesson, given)
    busy = bool(work.wanted(lesson.experiment).running)
    live(panel, f"lesson_reveal_{lesson.number}_part", busy, page=False)
    onward(lesson, "reveal", "Why is that so?")


def answer(lesson: Lesson, given: float | str) -> bool:
    """The picture, and how far off the guess was."""
    key, guess = f"lesson_reveal_{lesson.number}", lesson.guess
    found = work.values(lesson.experiment, work.wanted(lesson.experiment))
    if found is not None:
        numbers = findings(lesson.experiment, found)
        right = guess.answer(numbers)
        about = QUANTITIES[guess.quantity]
        if isinstance(right, float) and isinstance(given, int | float):
            st.subheader(f"Measured {about.words(right)}; you said {about.words(given)}", anchor=False)
        else:
            equal = guess.all_right(numbers)
            words = f"{right}: {about.words(numbers[str(right)][guess.quantity])}"
            if len(equal) > 1:
                words = f"{' and '.join(equal)} are too close to call"
            st.subheader(f"{'Right' if guess.right(given, numbers) else 'Not quite'}. {words}", anchor=False)
    return work.draw(lesson.experiment, key, given, guess.of, guess.quantity)


def explain(lesson: Lesson) -> None:
    """Why it is so."""
    if lesson.number not in guesses():
        st.info("This gives the answer away: commit to a guess first.", icon=":material/lock:")
        if st.button("To the guess", key="lesson_back", type="primary"):
            go(Place(lesson.number, "predict"))
            st.rerun()
        return
    st.markdown(lesson.texts["explain"])
    onward(lesson, "explain", "Now do it")


def said(lesson: Lesson, given: float | str) -> str:
    """A guess in words."""
    return QUANTITIES[lesson.guess.quantity].words(given) if isinstance(given, int | float) else given


def onward(lesson: Lesson, part: str, label: str) -> None:
    """The button to the next step."""
    if st.button(label, key=f"lesson_next_{lesson.number}_{part}", icon=":material/arrow_forward:", type="primary"):
        go(following(lesson, part))
        st.rerun()


def done(lesson: Lesson) -> str:
    """How far the learner is in a lesson, in words."""
    if lesson.number in passed():
        return "done"
    return "guess made" if lesson.number in guesses() else ""
