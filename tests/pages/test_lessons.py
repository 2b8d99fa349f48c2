"""The Lessons page: a link opens a step, a guess comes before its answer, the task is checked."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import ROOT
from tests.pages.look import PATIENCE, settled, texts, turn_to


def at_lessons(**words: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    for name, word in words.items():
        page.query_params[name] = word
    return settled(turn_to(page, "lessons").run())


def test_a_learner_guesses_sees_the_answer_and_does_the_task(server: Path) -> None:
    page = at_lessons(lesson="2", step="reveal")
    assert "First commit to a guess" in texts(page) and "charts" in page.session_state
    assert not page.session_state["charts"]
    page = settled(page.button(key="lesson_back").click().run())
    page.radio(key="lesson_guess_2").set_value("random, 80 %").run()
    page = settled(page.button(key="lesson_guess_2_commit").click().run())
    assert "Not quite" in texts(page)
    table = page.session_state["charts"]["lesson_reveal_2"].table
    accuracy = dict(zip(table["network"], table["accuracy (%)"], strict=True))
    assert accuracy["magnitude, 80 %"] > accuracy["random, 80 %"] + 50
    page = settled(page.button(key="lesson_next_2_reveal").click().run())
    page = settled(page.button(key="lesson_next_2_explain").click().run())
    page = settled(page.button(key="lesson_task_2_measure").click().run())
    assert "Not yet: 2 of 2 goals missed" in texts(page)
    page.selectbox(key="lesson_task_2_0").set_value("obd")
    page.selectbox(key="lesson_task_2_1").set_value(850)
    page = settled(page.button(key="lesson_task_2_measure").click().run())
    assert "Passed" in page.success[0].value and page.session_state["lessons_passed"] == {2}
    page = settled(page.button(key="lesson_list").click().run())
    assert "done" in texts(page) and "lesson" not in page.query_params


def test_a_link_to_what_is_not_there_says_what_is(server: Path) -> None:
    assert "the link names '99'" in texts(at_lessons(lesson="99"))
    assert "the link names 'sleep'" in texts(at_lessons(lesson="1", step="sleep"))
