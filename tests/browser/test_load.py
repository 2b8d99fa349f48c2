"""Five people for twenty seconds over Streamlit's own protocol: what ``make load`` does with thirty. Facts only."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks._app import Server
from benchmarks.load import Outcome, load
from benchmarks.load import Tally as People
from tests.helpers.loops import finished


@pytest.mark.slow
def test_five_people_meet_no_error_and_every_job_ends(tmp_path: Path) -> None:
    server = Server(tmp_path)
    try:
        outcome = finished(load(server, people=5, seconds=20, settle=0))
    finally:
        server.close()
    assert outcome.tally.errors == []
    assert outcome.left() == [] and outcome.twice() == []
    assert outcome.jobs and "failed" not in outcome.ended()
    assert len(outcome.tally.seconds["first page"]) == 5
    assert sum(map(len, outcome.tally.seconds.values())) > 5
    assert outcome.cpu > 0 and all(after > 50 for *_, after in outcome.memory.values())


def test_what_did_not_end_and_what_was_computed_twice_is_found() -> None:
    outcome = Outcome(People())
    outcome.jobs = {
        "a": ["asked for", "started", "done"],
        "b": ["asked for", "started"],
        "c": ["asked for", "started", "done", "asked for", "started", "done"],
        "d": ["asked for", "cancelled", "asked for", "started", "failed"],
        "e": ["asked for", "started", "done", "asked for", "started", "answered"],
    }
    assert outcome.left() == ["b"] and outcome.twice() == ["c"]
    assert outcome.ended() == {"done": 2, "started": 1, "failed": 1, "answered": 1}
