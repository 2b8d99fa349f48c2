"""Parts of a page are drawn again when their jobs moved; what a person did is drawn first; an old address is known."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from unittest.mock import Mock

import pytest
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests
from streamlit.testing.v1 import AppTest

from pages.shared import live, streamlit_internals
from pages.shared.live import Part
from pages.shared.turns import Turns
from pruning.common.errors import Missing
from pruning.engine.jobs import JobView

JOB = JobView("one", "running", done=1, total=4)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> dict[str, JobView]:
    """What the engine knows; a job that it has forgotten is not there."""
    known = {"one": JOB}

    def view(key: str) -> JobView:
        if key not in known:
            raise Missing("This job is not known any more.")
        return known[key]

    monkeypatch.setattr(live, "engine", lambda: Mock(view=view))
    return known


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    state: dict[str, object] = {}
    monkeypatch.setattr(live.st, "session_state", state)
    return state


def drawn(every: float = 1000.0, looks: tuple[JobView, ...] = (JOB,), pending: bool = True) -> Part:
    """A part that was drawn just now, and looked at these jobs meanwhile."""
    part = Part(every, watched=True, page=True)
    with live._drawing(part):
        for view in looks:
            assert live.looked(view) is view
    part.pending = pending
    return part


def test_a_part_is_due_when_its_job_ended_at_once_and_when_it_moved_after_its_pause(
    jobs: dict[str, JobView], session: dict[str, object]
) -> None:
    slow, quick = drawn(1000.0), drawn(0.0)
    assert not slow.due() and not quick.due()
    jobs["one"] = replace(JOB, done=2)
    assert not slow.due() and quick.due()
    jobs["one"] = replace(JOB, state="failed")
    assert slow.due() and quick.due()
    del jobs["one"]
    assert slow.due() and quick.due()


@pytest.mark.parametrize("change", [{"done": 2.0}, {"total": 5.0}, {"note": "second"}, {"partial": {"a": 1}}])
def test_each_thing_that_is_shown_of_a_job_counts(
    jobs: dict[str, JobView], session: dict[str, object], change: dict[str, object]
) -> None:
    part = drawn(0.0)
    jobs["one"] = replace(JOB, **change)  # ty: ignore[invalid-argument-type]
    assert part.due()


def test_what_is_done_is_never_due_and_what_waits_for_no_job_is_due_each_time(
    jobs: dict[str, JobView], session: dict[str, object]
) -> None:
    assert not drawn(0.0, (), pending=False).due()
    assert drawn(0.0, ()).due() and not drawn(1000.0, ()).due()
    assert drawn(0.0, (replace(JOB, state="done"),)).jobs == {}


def test_what_is_looked_at_outside_of_a_part_belongs_to_none(session: dict[str, object]) -> None:
    part = drawn(looks=())
    live.looked(JOB)
    assert part.jobs == {} and session[live.DRAWING] is None


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (lambda requests: None, False),
        (lambda requests: requests.request_rerun(RerunData(fragment_id="a")), False),
        (lambda requests: requests.request_rerun(RerunData()), True),
        (lambda requests: requests.request_stop(), True),
    ],
)
def test_a_run_is_needless_once_the_whole_page_is_asked_for_or_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[ScriptRequests], object], expected: bool
) -> None:
    requests = ScriptRequests()
    ask(requests)
    monkeypatch.setattr(streamlit_internals, "get_script_run_ctx", lambda: Mock(script_requests=requests))
    assert streamlit_internals.replaced() is expected


@pytest.mark.parametrize(
    ("queue", "expected"), [(None, True), (["look"], True), (["click", "look"], True), (["look", "click"], False)]
)
def test_a_watcher_asks_for_nothing_while_a_click_waits_behind_it(
    monkeypatch: pytest.MonkeyPatch, queue: list[str] | None, expected: bool
) -> None:
    monkeypatch.setattr(streamlit_internals, "get_script_run_ctx", lambda: Mock(fragment_ids_this_run=queue))
    monkeypatch.setattr(streamlit_internals.ThreadState, "get", lambda: Mock(fragment_id="look"))
    assert streamlit_internals.last() is expected


def runs(turns: Turns, order: list[str], name: str, person: bool, needless: Callable[[], bool]) -> threading.Thread:
    def work() -> None:
        with turns.take(person, needless) as mine:
            order.append(name if mine else f"{name} needless")

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_person_goes_before_what_is_drawn_by_itself_and_what_is_needless_does_not_wait() -> None:
    turns, order, wanted = Turns(1, long=1000.0), [], threading.Event()
    with turns.take(person=True):
        threads = [runs(turns, order, "by itself", False, lambda: False)]
        threads += [runs(turns, order, "replaced", False, wanted.is_set)]
        threads += [runs(turns, order, "person", True, lambda: False)]
        until(lambda: turns._people == 1)
        assert order == []
        wanted.set()
        until(lambda: order == ["replaced needless"])
    for thread in threads:
        thread.join(60)
    assert order == ["replaced needless", "person", "by itself"]
    assert turns._held == [] and turns._people == 0


def test_who_just_came_waits_for_who_is_at_work_and_goes_before_what_is_drawn_by_itself() -> None:
    turns, order = Turns(1, long=1000.0), list[str]()

    def visit(name: str, person: bool, new: bool) -> threading.Thread:
        def work() -> None:
            with turns.take(person, new=new):
                order.append(name)

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    with turns.take(person=True):
        threads = [visit("by itself", False, False)]
        threads += [visit(f"new {number}", True, True) for number in range(3)]
        until(lambda: turns._people == 3)
        threads += [visit(f"at work {number}", True, False) for number in range(3)]
        until(lambda: turns._settled == 3)
    for thread in threads:
        thread.join(60)
    assert [name[:-2] for name in order[:6]] == ["at work"] * 3 + ["new"] * 3 and order[6:] == ["by itself"]
    assert turns._people == turns._settled == 0


def test_no_more_than_so_many_draw_at_once_and_a_failure_gives_its_turn_back() -> None:
    turns, now, most, lock = Turns(2, long=1000.0), [0], [0], threading.Lock()

    def work() -> None:
        with turns.take(person=False):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.005)
            with lock:
                now[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [2]
    with pytest.raises(ValueError), turns.take(person=True):
        raise ValueError
    assert turns._held == [] and turns._people == 0


def test_a_page_that_waits_for_something_else_keeps_nobody_back() -> None:
    turns, order = Turns(1, long=0.0), []
    with turns.take(person=True):
        runs(turns, order, "another", False, lambda: False).join(60)
        assert order == ["another"]
    assert turns._held == []


def page() -> None:
    """Writes a level into the address, and says what a link brought."""
    import streamlit as st

    from pages.shared import address

    address.arrive(st.session_state.get("page", "one"))
    st.write(address.fresh("levels"))
    address.publish("levels", {"level": st.text_input("Level", "80", key="level")})


def said(page: AppTest) -> str:
    return page.json[0].value if page.json else page.markdown[0].value


def test_an_address_that_the_browser_sends_late_is_no_link_but_the_back_button_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = AppTest.from_function(page).run()
    app.text_input(key="level").set_value("81").run()
    app.text_input(key="level").set_value("82").run()
    app.query_params["level"] = "80"  # the browser had not heard of 81 and 82
    assert said(app.run()) == "{}"
    app.query_params["level"] = "7"
    assert "7" in said(app.run())
    monkeypatch.setattr(streamlit_internals, "get_script_run_ctx", lambda: Mock(is_history_navigation=True))
    app.query_params["level"] = "80"
    assert "80" in said(app.run())


def test_the_words_of_a_link_are_known_when_the_browser_sends_them_once_more() -> None:
    app = AppTest.from_function(page)
    app.query_params["level"] = "80"
    assert "80" in said(app.run())
    app.text_input(key="level").set_value("81").run()
    app.query_params["level"] = "80"  # the browser had not heard of 81
    app.text_input(key="level").set_value("82").run()
    assert said(app) == "{}" and app.query_params["level"] == "82"


def test_words_that_this_session_wrote_are_a_link_again_when_it_comes_from_another_page() -> None:
    app = AppTest.from_function(page).run()
    app.text_input(key="level").set_value("81").run()
    app.session_state["page"] = "two"
    app.run()
    app.session_state["page"], app.query_params["level"] = "one", "80"
    assert "80" in said(app.run())
