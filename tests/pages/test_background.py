"""What pages share about work in the background: refusals stay readable, failures are said once."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import jobs
from pruning.common.errors import Incompatible, Missing
from pruning.engine.jobs import JobView

RUNNING = JobView("one", "running", done=1, total=4, seconds_left=8.0)
QUEUED = JobView("two", "queued")
ENDED = [JobView(name, "failed", error="The disk is full.") for name in ("three", "four")]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """An engine that knows four jobs, by their studies' keys."""
    known = {view.id: view for view in (RUNNING, QUEUED, *ENDED)}

    def view(key: str) -> JobView:
        if key not in known:
            raise Missing("This job is not known any more.")
        return known[key]

    found = Mock()
    found.view.side_effect = view
    monkeypatch.setattr(jobs, "engine", lambda: found)
    for name, said in {"owner": "ann", "session": "s1", "operator": False}.items():
        monkeypatch.setattr(jobs, name, lambda said=said: said)
    return found


def test_jobs_are_those_that_somebody_asked_for_each_once(engine: Mock) -> None:
    studies = [Mock(key=key) for key in ("one", "nobody", "two", "one", "three", "four")]
    assert jobs.jobs(studies) == [RUNNING, QUEUED, *ENDED]
    assert jobs.under_way(studies) == [RUNNING, QUEUED]
    assert jobs.errors(jobs.jobs(studies)) == ["The disk is full."]
    assert jobs.mean_share([RUNNING, QUEUED]) == 0.125 and jobs.mean_share([]) == 0


def row() -> None:
    """A page with a line of progress, and a button that starts something."""
    import streamlit as st

    from pages.shared import jobs  # AppTest runs this function's text by itself
    from pruning.engine.jobs import JobView

    views = [JobView("one", "running"), JobView("two", "queued")]
    jobs.progress(views, 1.2, "Two jobs", "stop")
    if st.button("Start", key="start"):
        jobs.start(lambda: jobs.begin_all([jobs.engine().study]))
    st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1


def test_who_may_not_cancel_or_start_reads_why(engine: Mock) -> None:
    page = AppTest.from_function(row).run()
    page.button(key="stop").click().run()
    assert [call.args for call in engine.cancel.call_args_list] == [("two", "ann", "s1"), ("one", "ann", "s1")]
    assert not page.warning and page.session_state["drawn"] == 2  # the click's own page gave way to a new one
    engine.cancel.side_effect = Incompatible("This job belongs to bob: only its owner may cancel it.")
    page.button(key="stop").click().run()
    assert {one.value for one in page.warning} == {"This job belongs to bob: only its owner may cancel it."}
    engine.submit.side_effect = Incompatible("The queue is full.")
    page.button(key="start").click().run()
    assert [one.value for one in page.error] == ["The queue is full."]
