"""A lesson as a Jupyter notebook (nbformat 4.5), from the same file: every number in it is computed there."""

from __future__ import annotations

import json
from typing import Any

from pruning.results.lessons.lesson import Lesson
from pruning.results.lessons.shape import SideBySide

INSTALL = """\
try:
    import pruning
except ImportError:  # a folder or an address of the program, as pip takes it
    import os
    import subprocess
    import sys

    subprocess.check_call([sys.executable, "-m", "pip", "install", os.environ.get("PRUNING_SOURCE", ".")])
    import pruning
from pruning.results.lessons.findings import findings, findings_frame
from pruning.results.lessons.lesson import lessons

lesson = lessons()[{number}]


def measure(trial):
    \"\"\"All values of a trial; its study is lesson data that ``print(trial.study)`` shows.\"\"\"
    return [row["value"] for row in pruning.run(trial.study)]"""
LOOK = "found = measure(lesson.look)\nfindings_frame(lesson.look, found)"
WEIGHTS = """\
found = measure(lesson.look)[0]
import pandas as pd

pd.DataFrame({"from": found["edges"][:-1], "to": found["edges"][1:], "weights": found["kept"]})"""
GUESS = "# {question}\nguess = {start!r}  # commit to yours before you run the next cell"
REVEAL = """\
found = measure(lesson.experiment)
numbers = findings(lesson.experiment, found)
print("You said:", guess, " Measured:", lesson.guess.answer(numbers))
findings_frame(lesson.experiment, found, lesson.guess.quantity)"""
DO = """\
# {controls}
mine = {start!r}  # change these until all goals are met
trial = lesson.task.experiment(mine)
numbers = findings(trial, measure(trial))["yours"]
for goal in lesson.task.goals:
    value = numbers[goal.quantity]
    print("met   " if goal.met(value) else "missed", goal.words(), "- measured:", round(value, 2))"""


def notebook(lesson: Lesson) -> str:
    """The notebook's file: the lesson's text, and a cell of code where the page has a picture, a guess or a task."""
    guess, task = lesson.guess, lesson.task
    start: float | str = (guess.low + guess.high) / 2 if guess.number else lesson.experiment.variants[-1].name
    if not guess.number and guess.choices:
        start = guess.choices[-1]
    controls = "; ".join(f"{one.label}: one of {', '.join(map(str, one.values))}" for one in task.controls)
    code = {
        "look": LOOK if isinstance(lesson.look, SideBySide) else WEIGHTS,
        "predict": GUESS.format(question=guess.question, start=start),
        "reveal": REVEAL,
        "do": DO.format(controls=controls, start=tuple(one.start for one in task.controls)),
    }
    cells = [
        _text(f"# {lesson.number}. {lesson.title}: {lesson.question}"),
        _code(INSTALL.replace("{number}", str(lesson.number))),
    ]
    for part, text in lesson.texts.items():
        goals = [f"- {goal.words()}" for goal in task.goals] if part == "do" else []
        cells.append(_text("\n\n".join(filter(None, [f"## {part.capitalize()}", text, "\n".join(goals)]))))
        if part in code:
            cells.append(_code(code[part]))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
