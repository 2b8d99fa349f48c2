"""What a lesson is printed as, and its notebook, which runs."""

from __future__ import annotations

import xml.etree.ElementTree as tree

import nbclient
import nbformat
import pytest

from pruning.results.lessons.lesson import lessons
from pruning.results.lessons.notebook import notebook
from pruning.results.lessons.sheet import sheet


@pytest.mark.parametrize("number", sorted(lessons()))
def test_a_notebook_is_valid_and_has_the_text_of_its_lesson(number: int) -> None:
    lesson = lessons()[number]
    book = nbformat.reads(notebook(lesson), as_version=4)
    nbformat.validate(book)
    text = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    assert all(part in text for part in lesson.texts.values())
    for cell in book.cells:
        if cell.cell_type == "code":
            compile(cell.source, "cell", "exec")
            assert not any(str(value) == cell.source for value in lesson.task.solution)


def test_a_notebook_runs_from_its_first_cell_to_its_task() -> None:
    book = nbformat.reads(notebook(lessons()[1]), as_version=4)
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    outputs = [
        "".join(str(part.get("text", part.get("data", {}).get("text/plain", ""))) for part in cell.outputs)
        for cell in book.cells
        if cell.cell_type == "code"
    ]
    assert "You said: 50.0  Measured: 8" in outputs[3]
    assert "met    accuracy" in outputs[4] and "missed parameters" in outputs[4]


@pytest.mark.parametrize("number", sorted(lessons()))
def test_a_sheet_has_a_line_for_every_network_and_goal_and_keeps_the_solution_for_teachers(number: int) -> None:
    lesson = lessons()[number]
    page = tree.fromstring(
        sheet(lesson).replace("<!doctype html>", "").replace("&nbsp;", " ").replace('<meta charset="utf-8">', "")
    )
    rows = [row[0].text for row in page.iter("tr")][1:]
    assert rows == [one.name for one in lesson.experiment.variants]
    assert len(list(page.iter("li"))) == len(lesson.task.goals)
    assert "One solution" not in sheet(lesson) and "One solution" in sheet(lesson, solution=True)
