"""The engine's memory, without workers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pruning.engine import book as book_module
from pruning.engine.book import Book
from pruning.engine.jobs import Job
from pruning.engine.tasks import EVENTS_AT_ONCE, Reporter, cancel
from pruning.errors import Cancelled
from pruning.limits import SERVER_RESULTS
from pruning.specs import Study


@dataclass(frozen=True)
class Named:
    key: str


def named(key: str) -> Study:
    return cast(Study, Named(key))


def enter(book: Book, key: str, durable: bool = False, slot: str | None = None, owner: str = "ada") -> Job:
    job, _new, _left = book.enter(named(key), owner, durable, slot)
    return job


def test_live_jobs_come_first_and_sweeps_are_bounded() -> None:
    book = Book()
    for key, durable in (("d1", True), ("d2", True), ("l1", False), ("l2", False)):
        book.ready(enter(book, key, durable))
    assert {job.id: book.before(job) for job in book.queue} == {"d1": 2, "d2": 3, "l1": 0, "l2": 1}
    assert book.next(free=0, sweeps=1) is None
    taken = [book.next(free=1, sweeps=1) for _ in range(3)]
    assert [job.id for job in taken if job] == ["l1", "l2", "d1"]
    assert book.next(free=1, sweeps=0) is None


def test_a_slot_holds_one_job_and_is_forgotten_with_it() -> None:
    book = Book()
    first = enter(book, "a", slot="s")
    _job, new, left = book.enter(named("b"), "ada", False, "s")
    assert new and left is first and book.slots == {"s": "b"}
    book.finish(first, "cancelled")
    book.finish(book.active["b"], "done")
    assert book.slots == {} and book.active == {}


def test_a_slot_is_left_even_when_its_person_has_another_name_by_now() -> None:
    book = Book()
    first = enter(book, "a", slot="s", owner="ada")
    _job, _new, left = book.enter(named("b"), "Ada L.", False, "s")
    assert left is first


def test_going_back_to_the_job_that_was_left_makes_it_anew() -> None:
    book = Book()
    first = enter(book, "a", slot="s")
    book.finish(first, "cancelled")
    again, new, left = book.enter(named("a"), "ada", False, "s")
    assert new and again is not first and left is None
    assert "a" not in book.finished


def test_finished_jobs_are_bounded_in_number_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book()
    for number in range(SERVER_RESULTS + 10):
        book.finish(enter(book, f"j{number}"), "done")
    assert len(book.finished) == SERVER_RESULTS and book.find("j0") is None
    enter(book, "j10")  # asked for again: the most recent one now
    monkeypatch.setattr(book_module, "RESULT_BYTES", 100)
    big = enter(book, "big")
    big.size = 90
    book.finish(big, "done")
    other = enter(book, "other")
    other.size = 90
    book.finish(other, "done")
    assert list(book.finished) == ["other"] and book.bytes == 90


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from([100.0, 100.0, 50.0]))))
def test_progress_stays_within_its_total_and_never_goes_back(reports: list[tuple[float, float]]) -> None:
    job = Job("a", named("a"), "ada", False, state="running")
    before = (0.0, 0.0)
    for done, total in reports:
        job.progress(done, total, "", {})
        assert 0 <= job.done <= job.total
        if job.total == before[1]:
            assert job.done >= before[0]
        before = (job.done, job.total)
        left = job.seconds_left()
        assert left is None or left >= 0


def test_partial_results_are_merged_and_old_views_keep_theirs() -> None:
    job = Job("a", named("a"), "ada", False)
    job.progress(1, 4, "", {"x": 1})
    view = job.view(0)
    job.progress(2, 4, "", {"y": 2})
    assert view.partial == {"x": 1} and job.view(0).partial == {"x": 1, "y": 2}


class Worker:
    """Stands in for a Dask worker."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def log_event(self, _topic: str, event: dict[str, Any]) -> None:
        self.events.append(event)


def test_reports_are_throttled_and_a_cancelled_task_stops_at_the_next_one() -> None:
    worker = Worker()
    report = Reporter(worker, "topic", "throttled")
    begin = time.monotonic()
    for number in range(1000):
        report(number, 1000, partial={"at": number})
    allowed = EVENTS_AT_ONCE + 5 * (time.monotonic() - begin) + 1
    assert 3 <= len(worker.events) <= allowed
    cancel("throttled")
    with pytest.raises(Cancelled):
        report(1000, 1000)
