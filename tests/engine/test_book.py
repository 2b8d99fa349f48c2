"""The engine's memory, without workers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pruning.common.errors import Cancelled
from pruning.common.limits import SERVER_RESULTS
from pruning.engine import book as book_module
from pruning.engine.book import Book
from pruning.engine.jobs import Attempt, Job
from pruning.engine.tasks import EVENTS_AT_ONCE, Reporter, cancel
from pruning.store.records import JobState
from pruning.study.study import Study


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


def test_results_that_nobody_looks_at_are_forgotten_and_those_that_run_never(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("pruning.engine.book.time", SimpleNamespace(monotonic=lambda: now[0], time=time.time))
    book = Book()
    for key in ("looked at", "asked for", "left", "running"):
        job = enter(book, key)
        job.size = 10
        if key != "running":
            book.finish(job, "done")
    now[0] = 100.0
    book.find("looked at")
    enter(book, "asked for")
    assert book.rest(100.0) == 0
    now[0] = 101.0
    assert book.rest(100.0) == 1 and set(book.finished) == {"looked at", "asked for"} and book.bytes == 20
    assert book.find("left") is None and book.find("running") is not None
    now[0] = 1000.0
    assert book.rest(100.0) == 2 and book.bytes == 0 and set(book.active) == {"running"}


def orders(book: Book) -> list[str]:
    return [job.id for job in book.order()]


def test_forty_jobs_of_one_person_leave_the_second_place_to_anothers_first() -> None:
    book = Book()
    for number in range(40):
        book.ready(enter(book, f"a{number}", True, owner="ada"))
    first = book.next(free=1, sweeps=1)
    assert first is not None and first.id == "a0"
    first.attempt = Attempt("a0", first, True)
    for number in range(3):
        book.ready(enter(book, f"b{number}", True, owner="bob"))
    book.ready(enter(book, "c0", True, owner="cy"))
    # a0 runs and is Ada's first outstanding job: her others are second to fortieth.
    begin = ["b0", "c0", "a1", "b1", "a2", "b2", "a3", "a4"]
    assert orders(book)[:8] == begin and orders(book)[8:] == [f"a{number}" for number in range(5, 40)]
    assert [book.before(book.active[name]) for name in ("b0", "c0", "a1", "a39")] == [0, 1, 2, 42]
    second = book.next(free=1, sweeps=1)
    assert second is not None and second.id == "b0"


@pytest.mark.parametrize("workers", [1, 2])
def test_the_order_that_was_promised_is_the_order_in_which_work_is_done(workers: int) -> None:
    book = Book()
    for number in range(40):
        book.ready(enter(book, f"a{number}", True, owner="ada"))
    for name, owner in (("b0", "bob"), ("c0", "cy"), ("b1", "bob")):
        book.ready(enter(book, name, True, owner=owner))
    promised, done, running = orders(book), [], []
    assert promised[:6] == ["a0", "b0", "c0", "a1", "b1", "a2"]
    while book.active:
        while len(running) < workers and (job := book.next(workers - len(running), workers)) is not None:
            job.attempt = Attempt(job.id, job, True)
            running.append(job)
            done.append(job.id)
        book.finish(running.pop(0), "done")
    assert done == promised


def test_who_comes_again_and_again_does_not_overtake_who_waits() -> None:
    book = Book()
    book.ready(enter(book, "a0", True, owner="ada"))
    taken = []
    for number in range(1, 6):
        job = book.next(free=1, sweeps=1)
        assert job is not None
        taken.append(job.id)
        if number < 3:
            book.ready(enter(book, f"b{number}", True, owner="bob"))
        book.ready(enter(book, f"a{number}", True, owner="ada"))
        book.finish(job, "done")
    assert taken == ["a0", "b1", "a1", "b2", "a2"]


def test_slider_moves_come_before_sweeps_and_have_turns_of_their_own() -> None:
    book = Book()
    names = ("s0", True, "ada"), ("s1", True, "ada"), ("l0", False, "ada"), ("l1", False, "ada"), ("m0", False, "bob")
    for name, durable, owner in names:
        book.ready(enter(book, name, durable, owner=owner))
    book.ready(enter(book, "t0", True, owner="bob"))
    assert orders(book) == ["l0", "m0", "l1", "s0", "t0", "s1"]


def test_people_who_own_everything_together_still_take_turns() -> None:
    book = Book()
    for name, person in (("a0", "s1"), ("a1", "s1"), ("b0", "s2")):
        job, _new, _left = book.enter(named(name), "local", True, None, person)
        book.ready(job)
    assert orders(book) == ["a0", "b0", "a1"]


def test_who_comes_as_ever_new_people_does_not_overtake_who_stays() -> None:
    """Sessions that are opened one after the other had, each, the turn of somebody who was never served."""
    book = Book()
    taken = []
    for number in range(8):
        book.ready(enter(book, f"stranger {number}", False, owner=f"stranger {number}"))
        book.ready(enter(book, f"stranger {number}b", False, owner=f"stranger {number}b"))
        if number in (1, 4):
            book.ready(enter(book, f"ada {number}", False, owner="ada"))
        job = book.next(free=1, sweeps=1)
        assert job is not None
        taken.append(job.id)
        book.finish(job, "done")
    assert taken.index("ada 1") == 4  # four strangers were there before her
    rest = orders(book)
    # Who came after she was served waits behind her; with turns for who was never served she would be the last.
    assert rest.index("ada 4") < rest.index("stranger 5") and rest.index("stranger 4") < rest.index("ada 4")


def test_people_who_are_there_come_before_those_who_left() -> None:
    book = Book()
    for name in ("gone", "here"):
        book.ready(enter(book, name, False, owner=name))
    book.ready(enter(book, "sweep", True, owner="cy"))
    book.active["gone"].away = True
    assert orders(book) == ["here", "gone", "sweep"]


def test_a_shared_job_has_the_best_of_its_peoples_turns() -> None:
    book = Book()
    for name in ("a0", "a1", "a2"):
        book.ready(enter(book, name, True, owner="ada"))
    enter(book, "a2", True, owner="bob")
    book.ready(enter(book, "b1", True, owner="bob"))
    assert orders(book) == ["a0", "a2", "a1", "b1"], "a2 is Bob's first, so b1 is his second"
    book.leave("a2", ("bob", None))
    assert orders(book) == ["a0", "b1", "a1", "a2"]


def test_work_of_a_dead_worker_is_first_of_its_turn() -> None:
    book = Book()
    for name, owner in (("a0", "ada"), ("b0", "bob"), ("a1", "ada")):
        book.ready(enter(book, name, True, owner=owner))
    lost = book.next(free=1, sweeps=1)
    assert lost is not None
    book.ready(enter(book, "c0", True, owner="cy"))
    book.ready(lost, first=True)
    assert orders(book) == ["a0", "b0", "c0", "a1"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
def test_the_order_is_that_of_turns_counted_by_hand(came: list[tuple[str, bool]]) -> None:
    book = Book()
    for number, (owner, durable) in enumerate(came):
        book.ready(enter(book, f"j{number}", durable, owner=owner))
    expected = sorted(
        range(len(came)), key=lambda n: (came[n][1], came[:n].count(came[n]), n)
    )  # earlier jobs of the same person and kind
    assert orders(book) == [f"j{number}" for number in expected]


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


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_of_an_ended_job_only_its_rows_are_kept(state: JobState) -> None:
    book = Book()
    job = enter(book, "a")
    job.progress(1, 4, "", {"x": 1})
    book.finish(job, state)
    assert job.partial == {}


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
