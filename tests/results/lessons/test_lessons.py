"""Lessons: each file is read, its task can be done and is not done from the start, and wrong files say so."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pruning.common.errors import BadValue
from pruning.network.weights import layer_label, prunable
from pruning.results.lessons.findings import finding, findings, findings_frame
from pruning.results.lessons.lesson import TEXTS, lessons, read_lesson
from pruning.results.lessons.shape import PARTS, Goal, Guess, SideBySide, Variant
from pruning.study.run import run
from pruning.zoo.checkpoints import load_model

FIRST = (TEXTS / "1_what_is_in_a_network.md").read_text()


def measured(experiment: SideBySide) -> list[dict]:
    return [row["value"] for row in run(experiment.study)]


@pytest.mark.parametrize("number", sorted(lessons()))
def test_a_lesson_has_all_parts_and_no_answer_before_the_guess(number: int) -> None:
    lesson = lessons()[number]
    assert tuple(lesson.texts) == PARTS
    assert all(lesson.texts[part] for part in ("look", "predict", "explain", "do"))
    shown = set(lesson.look.variants) if isinstance(lesson.look, SideBySide) else set()
    asked = {lesson.guess.of, *lesson.guess.choices}
    assert not {one.name for one in shown} & asked  # what is guessed is not shown before
    assert len(lesson.task.solution) == len(lesson.task.controls)
    for control, value in zip(lesson.task.controls, lesson.task.solution, strict=True):
        assert value in control.values and control.start in control.values


@pytest.mark.parametrize("number", [1, 2, 3, 9])
def test_the_stated_solution_passes_and_the_start_does_not(number: int) -> None:
    task = lessons()[number].task
    for values, passes in ((task.solution, True), (tuple(one.start for one in task.controls), False)):
        experiment = task.experiment(values)
        found = findings(experiment, measured(experiment))["yours"]
        assert all(goal.met(found[goal.quantity]) for goal in task.goals) is passes


def test_budgets_of_layers_add_up_to_the_sparsity_with_the_weights_of_the_network() -> None:
    task = lessons()[3].task
    counts = {layer_label(name): weight.numel() for name, weight in prunable(load_model(task.model)).items()}
    assert task.weights == counts
    step = task.experiment((1000, 0, 0)).variants[0].recipe[0]
    assert step.sparsity == round(1000 * counts["fc1"] / sum(counts.values()))


def test_an_exact_count_is_hit() -> None:
    experiment = SideBySide(quantities=("removed",), variants=(Variant(name="x", recipe=({"kind": "prune"},)),))
    profile_count = round(266_200 * experiment.variants[0].recipe[0].share)
    assert findings(experiment, measured(experiment))["x"]["removed"] == profile_count


@given(st.lists(st.integers(0, 2000), min_size=2, max_size=4, unique=True))
def test_the_sentence_names_who_has_most_and_least(correct: list[int]) -> None:
    experiment = SideBySide(variants=tuple(Variant(name=f"n{at}") for at in range(len(correct))))
    values = [{"correct": one, "count": 2000, "changed": 0} for one in correct]
    table = findings_frame(experiment, values)
    said = finding(table, "accuracy")
    most, least = (f"n{correct.index(end(correct))}" for end in (max, min))
    same = f"{max(correct) / 20:.1f}" == f"{min(correct) / 20:.1f}"
    assert said.startswith("The same") if same else f"{most} has most" in said and f"{least} least" in said
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()


def test_networks_too_close_to_the_best_are_right_as_well() -> None:
    found = {"a": {"accuracy": 80.0}, "b": {"accuracy": 79.5}, "c": {"accuracy": 60.0}}
    guess = Guess(question="?", tie=1)
    assert guess.all_right(found) == ("a", "b") and guess.right("b", found) and not guess.right("c", found)
    number = Guess(question="?", of="a")
    assert number.right(84, found) and not number.right(86, found)
    assert Goal(quantity="accuracy", at_least=80).met(80) and not Goal(quantity="accuracy", at_most=79).met(80)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("## Explain", "## Because"), "the parts are look, predict, reveal, explain, do"),
        (('of = "80 % removed"', 'of = "81 %"'), "The guess names 81 %"),
        (('"removed"', '"speed"'), "speed"),
        (("number = 1", "number = "), "the data is no TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(change: tuple[str, str], sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence) as error:
        read_lesson(FIRST.replace(*change), "1.md")
    assert "In 1.md" in str(error.value)


def test_texts_travel_with_the_package() -> None:
    import tomllib

    about = tomllib.loads((Path(__file__).resolve().parents[3] / "pyproject.toml").read_text())
    patterns = about["tool"]["setuptools"]["package-data"]["pruning"]
    found = {path.name for pattern in patterns for path in TEXTS.parents[2].glob(pattern)}
    assert found >= {path.name for path in TEXTS.iterdir()} | {"terms.toml"}
