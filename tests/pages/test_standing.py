"""How studies stand: complete by their keys, jobs of those alone that lack something, failures said once."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace

import pytest

from pages.shared import answers
from pages.shared import standing as under_test
from pages.shared.answers import Answer
from pages.shared.standing import Standing, Wanted, standing, whole
from pruning.engine.jobs import JobView
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base

BASE = Base(model="lenet_300_100")
TEST, PROFILE = MeasureSpec(name="accuracy"), MeasureSpec(name="profile")
ONE, TWO, THREE = (Study(base=BASE.model_copy(update={"seed": seed}), measures=(TEST, PROFILE)) for seed in (0, 1, 2))
RUNNING = JobView(TWO.key, "running", done=1, total=2, partial={"correct": 3})
FAILED = JobView(THREE.key, "failed", error="The disk is full.")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A store that knows all of ONE and half of TWO; jobs of TWO and THREE; which jobs were asked about."""
    known = {*whole(ONE).keys, whole(TWO).keys[0]}
    views, seen = {view.id: view for view in (RUNNING, FAILED)}, []

    def get(keys: Iterable[str]) -> dict[str, SimpleNamespace]:
        return {key: SimpleNamespace(value={"correct": 7}, origin="stored") for key in keys if key in known}

    def jobs(studies: Iterable[Study]) -> list[JobView]:
        seen.extend(study.key for study in studies)
        return [views[key] for key in seen if key in views]

    for place in (under_test, answers):
        monkeypatch.setattr(place, "store", lambda: SimpleNamespace(get=get))
    monkeypatch.setattr(under_test, "jobs", jobs)
    monkeypatch.setattr(answers, "job", lambda study: views.get(study.key))
    return seen


def test_keys_are_those_of_all_cells_and_measures() -> None:
    study = Study(base=BASE, axes={"0.sparsity": (100, 200)}, measures=(TEST, PROFILE))
    first, second = study.cells()
    keys = [cell.measure_key(measure) for cell in (first, second) for measure in (TEST, PROFILE)]
    assert whole(study) == Wanted(study, tuple(keys))


def test_what_is_known_lacking_and_under_way(asked: list[str]) -> None:
    found = standing([whole(ONE), whole(TWO), whole(THREE), whole(TWO)])
    assert set(found.found) == {*whole(ONE).keys, whole(TWO).keys[0]}
    assert found.lacking == [TWO, THREE] and asked == [TWO.key, THREE.key]
    assert found.running == [RUNNING] and found.stopped == 1 and found.errors == ["The disk is full."]


def test_a_study_lacks_nothing_when_the_keys_that_are_wanted_are_there(asked: list[str]) -> None:
    assert not standing([Wanted(TWO, whole(TWO).keys[:1])]).lacking and asked == []
    assert standing([Wanted(TWO, ())]) == Standing()


def test_the_standing_of_both(asked: list[str]) -> None:
    both = standing([whole(ONE), whole(TWO)]) + Standing({}, [THREE], [FAILED, RUNNING])
    assert both.lacking == [TWO, THREE] and both.jobs == [RUNNING, FAILED]
    assert len(both.found) == 3


def single(study: Study) -> Study:
    return study.model_copy(update={"measures": study.measures[:1]})


def test_a_study_of_one_result_is_known_or_what_its_job_says(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers.look(single(ONE)) == Answer({"correct": 7}, "stored") and answers.look(single(ONE)).complete
    assert answers.look(single(THREE)) == Answer()
    for view, wanted in (
        (FAILED, Answer(job=FAILED, error="The disk is full.")),
        (RUNNING, Answer({"correct": 3}, "partial", RUNNING)),
    ):
        monkeypatch.setattr(answers, "job", lambda study, view=view: view)
        found = answers.look(single(THREE), automatic=True)  # asks for nothing while there is a job
        assert found == wanted and not found.complete and found.pending == (view is RUNNING)
