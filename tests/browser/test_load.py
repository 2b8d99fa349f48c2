"""Five people for twenty seconds over Streamlit's own protocol: what ``make load`` does with thirty. Facts only."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks._app import Server
from benchmarks._hostile import longest_wait
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


def test_waits_are_those_of_people_who_work_also_of_what_never_began(tmp_path: Path) -> None:
    def at(second: int, event: str, job: str, model: str = "lenet_5", durable: bool = False) -> str:
        moment = datetime.fromtimestamp(second, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"time": moment, "event": event, "job": job, "model": model, "durable": durable})

    lines = [
        at(10, "asked for", "a"),
        at(12, "started", "a"),
        at(10, "asked for", "b"),  # never begun
        at(10, "asked for", "attacker's", "vit_small"),
        at(10, "asked for", "sweep", durable=True),
        at(20, "asked for", "left"),
        at(33, "cancelled", "left"),
        '{"time": "half a li',
    ]
    server = SimpleNamespace(log=tmp_path / "log")
    for known, expected in ((lines, 40.0), ([one for one in lines if '"b"' not in one], 13.0), (lines[:2], 2.0)):
        server.log.write_text("\n".join(known))
        assert longest_wait(server, {"lenet_5"}, 50.0) == expected  # ty: ignore


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
