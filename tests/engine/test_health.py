"""How a server stands: what it says of itself, in its report, and in its log."""

from __future__ import annotations

import errno
import gc
import json
import logging
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from pruning.common.errors import StoreError
from pruning.engine import caretaker, journal
from pruning.engine.book import Book
from pruning.engine.caretaker import Caretaker, reports
from pruning.engine.health import SILENT_SECONDS, STARTING_SECONDS, Health, stale
from pruning.engine.jobs import Job
from pruning.store.store import Store
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base
from tests.engine.conftest import Lab

WELL = Health("host:1:a", 1, 1000.0, 0.0, 1000.0, 1, 0, (), 0, 0, 0, "", (0, 1), (0, 1))


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Path]:
    """A log of JSON lines."""
    package = logging.getLogger("pruning")
    level, propagate = package.level, package.propagate
    place = tmp_path / "journal" / "pruning.jsonl"
    journal.configure(str(place))
    yield place
    for handler in [one for one in package.handlers if isinstance(one.formatter, journal.Lines)]:
        package.removeHandler(handler)
        handler.close()
    package.setLevel(level)
    package.propagate = propagate


def events(place: Path, job: str = "") -> list[dict]:
    found = [json.loads(line) for line in place.read_text().splitlines()]
    return [event for event in found if not job or event.get("job") == job]


def test_health_names_the_workers_and_what_they_are_at(lab: Lab) -> None:
    study = lab.study("gate")
    job = lab.engine.submit(study, owner="ada", durable=True)
    lab.running(job)
    waiting = [lab.engine.submit(lab.study(), owner="ada", durable=True) for _ in range(2)]
    pid = int((lab.folder / "log").read_text().split()[1])
    lab.until(lambda: len(lab.engine.health().workers) == 2)
    health = lab.engine.health()
    assert {worker.pid: worker.job for worker in health.workers}[pid] == job
    assert sorted(worker.job for worker in health.workers) == ["", job]
    assert all(worker.memory and worker.memory > 10**7 for worker in health.workers)
    assert (health.running, health.queued, health.people) == (1, 2, 1)
    assert health.pid == psutil.Process().pid and health.problems() == []
    lab.open(study)
    assert [lab.engine.wait(one, 100).state for one in [job, *waiting]] == ["done"] * 3


def test_a_job_leaves_a_trail_in_the_log(lab: Lab, lines: Path) -> None:
    good, bad = lab.study(), lab.study("raise")
    for study in (good, bad):
        lab.engine.wait(lab.engine.submit(study, owner="ada", durable=False), 100)
    trail = events(lines, good.key)
    assert [event["event"] for event in trail] == ["asked for", "started", "done"]
    assert {(event["study"], event["owner"], event["durable"]) for event in trail} == {(good.key, "ada", False)}
    assert trail[0]["seconds"] is None and trail[-1]["seconds"] >= 0
    assert [event["event"] for event in events(lines, bad.key)] == ["asked for", "started", "failed"]
    assert events(lines, bad.key)[-1]["error"].startswith("Internal error: ZeroDivisionError")
    lab.until(lambda: "Traceback" in lines.read_text())


def test_failures_are_remembered_newest_first_and_bounded(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    job = lab.engine.submit(lab.study("refuse"), owner="ada", durable=False)
    lab.engine.wait(job, 100)
    latest = lab.engine.health().failures[0]
    assert (latest.job, latest.sentence) == (job, "The level must be 0 to 1000.")
    book = Book()
    for number in range(200):
        book.fail(str(number), "")
    assert [failure.job for failure in book.failures][:2] == ["199", "198"] and len(book.failures) == 50


def test_other_records_are_lines_too(lines: Path) -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("pruning.somewhere").exception("It %s.", "broke")
    (event,) = events(lines)
    assert event["message"] == "It broke." and event["level"] == "error" and "two\nlines" in event["traceback"]


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="PRUNING_LOG: .* cannot be written"):
        journal.configure(str(tmp_path / "file" / "log.jsonl"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, ""),
        ({"at": STARTING_SECONDS - 1, "beat": STARTING_SECONDS - 1, "wanted": 2}, ""),
        ({"wanted": 2}, "0 of 2 workers are there."),
        ({"trouble": "No Dask scheduler answers."}, "No Dask scheduler answers."),
        ({"beat": 995 - SILENT_SECONDS, "trouble": "x."}, "x. The engine of server 1 has not come round for 65 s."),
    ],
)
def test_what_is_wrong_is_a_sentence(changes: dict, sentence: str) -> None:
    health = replace(WELL, wanted=0, since=0.0)
    health = replace(health, **({"trouble": ""} | changes))
    if not changes or "trouble" in changes:
        health = replace(health, since=999.0)  # it started just now
    assert " ".join(health.problems()) == sentence


class Knot:
    """Only a collection frees it: it holds itself."""

    def __init__(self) -> None:
        self.own = self


@pytest.mark.parametrize(
    ("rows", "computed"),
    [
        (None, 0),
        ([1, "row"], 0),
        ([{"measure": "accuracy", "origin": "stored"}], 0),
        ([{"measure": "accuracy", "origin": "computed"}] * 2 + [{"measure": "accuracy", "origin": "bundled"}], 2),
        ([{"measure": "layer", "origin": "computed"}, {"measure": "profile", "origin": "computed"}], 1),
    ],
)
def test_the_log_says_how_many_results_a_job_added_to_the_store(lines: Path, rows: list | None, computed: int) -> None:
    job = Job("j", Study(base=Base(model="lenet_5"), recipe=(), measures=(MeasureSpec(name="profile"),)), "ada", False)
    job.rows = rows
    journal.note("done", job)
    (event,) = events(lines)
    assert event["event"] == "done" and event["computed"] == computed


def test_a_server_that_nobody_uses_collects_its_garbage(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    gc.disable()
    try:
        knot = weakref.ref(Knot())
        assert knot() is not None
        monkeypatch.setattr(caretaker, "REPORT_SECONDS", 0.05)
        monkeypatch.setattr(caretaker, "GARBAGE_SECONDS", 0.05)
        care = Caretaker(lab.engine.store, "a:1:b", lab.engine.health)
        lab.until(lambda: knot() is None)
        care.close()
    finally:
        gc.enable()


def test_a_caretaker_outlives_errors_and_leaves_no_half_of_a_report(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caretaker, "REPORT_SECONDS", 0.05)
    with closing(Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "artefacts")) as store:
        looks, room = [], []
        move = os.replace

        def look() -> Health:
            looks.append(1)
            if len(looks) == 1:
                raise ZeroDivisionError("an error of ours")
            return replace(WELL, at=time.time())

        def full(*names: Any) -> None:
            if store.artefacts.folder not in Path(names[0]).parents:  # another server of this process
                return move(*names)
            if len(looks) < 4:
                raise OSError(errno.ENOSPC, "No space left on device")
            assert [path.name for path in (store.artefacts.folder / "servers").iterdir()] == [Path(names[0]).name]
            return move(*names)

        monkeypatch.setattr(caretaker.os, "replace", full)
        monkeypatch.setattr(caretaker, "make_room", room.append)
        care = Caretaker(store, "host:1:a", look)
        lab.until(lambda: reports(store.artefacts.folder), 60)
        care.close()
        assert [one for one in room if one is store] == [store, store]


def test_a_caretaker_trims_finished_jobs(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "artefacts")) as store:
        for job_id in ("old", "new", "waiting"):
            store.add_job(job_id, "{}", "ada")
        for end, job_id in enumerate(("old", "new")):
            store.update_job(job_id, "done", ended=1000.0 + end)
        monkeypatch.setattr(store, "trim_jobs", partial(store.trim_jobs, keep=1))
        care = Caretaker(store, "host:1:a", lambda: replace(WELL, at=time.time()))
        lab.until(lambda: len(store.jobs()) == 2, 60)
        care.close()
        assert {job.id for job in store.jobs()} == {"new", "waiting"}


def test_a_server_reports_and_takes_its_report_away(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caretaker, "REPORT_SECONDS", 0.05)
    store = lab.engine.store
    name = lab.engine._ledger.server
    care = Caretaker(store, name, lab.engine.health)
    lab.until(lambda: reports(store.artefacts.folder))
    (report,) = reports(store.artefacts.folder)
    assert report["server"] == name and report["problems"] == [] and stale(report) == ""
    assert stale(report | {"at": time.time() - 100}).endswith("has said nothing for 100 s.")
    dead = name.replace(f":{report['pid']}:", ":4194999:")  # beyond the largest process number
    (store.artefacts.folder / "servers" / "dead.json").write_text(json.dumps(report | {"server": dead}))
    (store.artefacts.folder / "servers" / "torn.json").write_text('{"server": ')
    assert [found["server"] for found in reports(store.artefacts.folder)] == [name]
    before = name.rpartition(":")[0] + ":0"  # a container's first server, which was killed: its place is taken
    text = json.dumps(report | {"server": before, "at": report["since"] - 1.0, "since": report["since"] - 9.0})
    (store.artefacts.folder / "servers" / "before.json").write_text(text)
    assert [found["server"] for found in reports(store.artefacts.folder)] == [name]
    (store.artefacts.folder / "servers" / "beside.json").write_text(json.dumps(report | {"server": before}))
    assert {found["server"] for found in reports(store.artefacts.folder)} == {name, before}, "two of one process"
    (store.artefacts.folder / "servers" / "beside.json").unlink()
    care.close()
    assert reports(store.artefacts.folder) == []
    assert not list((store.artefacts.folder / "servers").glob("*.tmp"))
