"""Submit, look, cancel: what a page relies on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pruning.common.errors import Missing, unforeseen
from tests.engine.conftest import PATIENCE, Lab


def test_rows_arrive_from_a_niced_quiet_worker(lab: Lab) -> None:
    job = lab.engine.submit(lab.study(), owner="ada", durable=False)
    view = lab.engine.wait(job, PATIENCE)
    assert view.state == "done", view.error
    assert view.rows is not None
    value = view.rows[0]["value"]
    assert value["nice"] >= 10
    assert value["omp"] == "PASSIVE"
    assert view.done == view.total == 3
    assert view.share == 1.0 and view.finished and view.seconds_left is None


def test_the_same_study_from_many_threads_is_computed_once(lab: Lab) -> None:
    study = lab.study("gate")
    with ThreadPoolExecutor(8) as pool:
        jobs = set(pool.map(lambda n: lab.engine.submit(study, owner=f"p{n}", durable=n % 2 == 0), range(8)))
    assert jobs == {study.key}
    lab.open(study)
    assert lab.engine.wait(study.key, PATIENCE).state == "done"
    assert lab.executions(study) == 1


def test_a_finished_study_is_answered_at_once(lab: Lab) -> None:
    study = lab.study()
    lab.engine.wait(lab.engine.submit(study, owner="ada", durable=False), PATIENCE)
    job = lab.engine.submit(study, owner="bob", durable=False)
    assert lab.state(job) == "done"
    assert lab.executions(study) == 1


def test_progress_never_goes_back_and_gives_the_time_left(lab: Lab) -> None:
    job = lab.engine.submit(lab.study(steps=25, seconds=0.1), owner="ada", durable=False)
    seen = []
    lab.until(lambda: (seen.append(lab.engine.view(job)), seen[-1].finished)[1])
    done = [view.done for view in seen]
    assert done == sorted(done)
    assert len(set(done)) > 4
    left = [view.seconds_left for view in seen if view.seconds_left is not None]
    assert left and all(0 <= seconds < PATIENCE for seconds in left)
    assert any(view.partial.get("k0") == 0 and view.note.startswith("step") for view in seen)


def test_another_study_in_the_same_slot_replaces_the_earlier_one(lab: Lab) -> None:
    first, second = lab.study("gate"), lab.study()
    one = lab.engine.submit(first, owner="ada", durable=False, slot="s1/accuracy")
    lab.running(one)
    two = lab.engine.submit(second, owner="ada", durable=False, slot="s1/accuracy")
    assert lab.state(one) == "cancelled"
    assert lab.engine.wait(two, PATIENCE).state == "done"
    lab.until(lab.free, 10)


def test_a_replaced_study_that_somebody_else_waits_for_goes_on(lab: Lab) -> None:
    shared = lab.study("gate")
    job = lab.engine.submit(shared, owner="ada", durable=False, slot="s1/accuracy")
    lab.engine.submit(shared, owner="bob", durable=False, slot="s2/accuracy")
    lab.engine.submit(lab.study(), owner="ada", durable=False, slot="s1/accuracy")
    assert lab.state(job) != "cancelled"
    lab.open(shared)
    assert lab.engine.wait(job, PATIENCE).state == "done"


def test_a_running_job_is_cancelled_within_two_seconds_and_frees_its_worker(lab: Lab) -> None:
    job = lab.engine.submit(lab.study("gate"), owner="ada", durable=True)
    lab.running(job)
    assert lab.engine.cancel(job, "ada")
    assert lab.state(job) == "cancelled"
    lab.until(lab.free, 2)
    lab.until(lambda: lab.engine.store.job(job).state == "cancelled", 5)


def test_a_queued_job_is_cancelled_at_once_and_never_runs(lab: Lab) -> None:
    busy = [lab.study("gate") for _ in range(2)]
    for study in busy:
        lab.running(lab.engine.submit(study, owner="ada", durable=False))
    waiting = lab.study()
    job = lab.engine.submit(waiting, owner="ada", durable=False)
    assert lab.state(job) == "queued"
    lab.engine.cancel(job, "ada")
    assert lab.state(job) == "cancelled"
    lab.open(*busy)
    for study in busy:
        lab.engine.wait(study.key, PATIENCE)
    assert lab.executions(waiting) == 0


def test_one_of_two_persons_cancels_only_for_herself(lab: Lab) -> None:
    study = lab.study("gate")
    job = lab.engine.submit(study, owner="ada", durable=False)
    lab.engine.submit(study, owner="bob", durable=False)
    assert not lab.engine.cancel(job, "ada")
    assert lab.engine.views("ada") == [] and [view.id for view in lab.engine.views("bob")] == [job]
    assert lab.engine.cancel(job, "bob")


def test_sweeps_leave_a_worker_to_live_jobs(lab: Lab) -> None:
    sweeps = [lab.study("gate") for _ in range(3)]
    jobs = [lab.engine.submit(study, owner="ada", durable=True) for study in sweeps]
    lab.running(jobs[0])
    live = lab.engine.submit(lab.study(), owner="bob", durable=False)
    assert lab.engine.wait(live, PATIENCE).state == "done"
    assert [lab.engine.view(job).waiting for job in jobs[1:]] == [0, 1]
    assert [lab.state(job) for job in jobs] == ["running", "queued", "queued"]
    lab.open(*sweeps)
    assert [lab.engine.wait(job, PATIENCE).state for job in jobs] == ["done"] * 3


@pytest.mark.parametrize(
    ("do", "sentence"),
    [
        ("refuse", "The level must be 0 to 1000."),
        ("raise", "Internal error: ZeroDivisionError: one divided by nothing"),
        ("memory", unforeseen(MemoryError())),
    ],
)
def test_an_error_arrives_as_a_sentence_and_its_traceback_in_the_store(lab: Lab, do: str, sentence: str) -> None:
    job = lab.engine.submit(lab.study(do), owner="ada", durable=True)
    view = lab.engine.wait(job, PATIENCE)
    assert (view.state, view.error, view.rows) == ("failed", sentence, None)
    lab.until(lambda: lab.engine.store.job(job).state == "failed")
    assert ("Traceback" in lab.engine.store.job(job).traceback) == (do != "refuse")


def test_a_failed_job_may_be_asked_for_again(lab: Lab) -> None:
    study = lab.study("refuse")
    for _ in range(2):
        assert lab.engine.wait(lab.engine.submit(study, owner="ada", durable=False), PATIENCE).state == "failed"
    assert lab.executions(study) == 2


def test_an_unknown_job_is_missing(lab: Lab) -> None:
    with pytest.raises(Missing, match="not known"):
        lab.engine.view("0" * 24)
