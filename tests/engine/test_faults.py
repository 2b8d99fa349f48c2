"""Five faults at seeded moments: what ``make faults`` does fifty times. And that its looks can find something."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from benchmarks._database import Sqlite
from benchmarks._fault import FAULTS, Round
from benchmarks._site import Site
from benchmarks.faults import faults
from tests.helpers import postgres

KINDS = ["kill a worker", "kill the server", "lose the database", "fill the disk", "cut a checkpoint"]


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_half_written_after_five_faults(tmp_path: Path) -> None:
    played = faults(5, 3, KINDS, tmp_path / "site")
    assert sorted(kind for kind, _, _ in played) == sorted(KINDS)
    assert {kind: one.wrong for kind, one, _ in played} == {kind: [] for kind in KINDS}
    told = {kind: " ".join(one.said) for kind, one, _ in played}
    assert "unable to open database file" in told["lose the database"]
    assert "The disk is full" in told["fill the disk"]


@pytest.mark.skipif(postgres.binaries() is None, reason=f"no PostgreSQL under {postgres.WHERE}")
def test_a_real_database_server_that_crashes_takes_nothing_with_it(tmp_path: Path) -> None:
    ((_, one, _),) = faults(1, 3, ["lose the database"], tmp_path / "site", postgresql=True)
    assert one.wrong == [] and "The database does not answer" in " ".join(one.said)


def test_damage_of_a_file_is_said(tmp_path: Path) -> None:
    database = Sqlite(tmp_path, tmp_path)
    database.rows("CREATE TABLE measures (key TEXT PRIMARY KEY, value TEXT)")
    assert database.damage() == ""
    database.file.write_bytes(database.file.read_bytes()[:100] + bytes(range(256)) * 200)
    assert "malformed" in database.damage()


def test_every_kind_of_fault_is_drawn_equally_often() -> None:
    chance = random.Random(0)
    assert sorted(chance.sample(list(FAULTS), len(FAULTS))) == sorted(FAULTS) and len(FAULTS) == 7


def test_what_is_lost_changed_torn_or_left_over_is_found(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    try:
        assert isinstance(site.database, Sqlite)
        connection = sqlite3.connect(site.database.file)
        connection.execute("CREATE TABLE measures (key TEXT, value TEXT)")
        connection.execute("CREATE TABLE jobs (id TEXT, state TEXT)")
        rows = [("kept", '{"a": 1}'), ("changed", '{"a": 2}'), ("lost", '{"a": 3}')]
        connection.executemany("INSERT INTO measures VALUES (?, ?)", rows)
        connection.commit()
        assert site.check() == []
        connection.execute("DELETE FROM measures WHERE key = 'lost'")
        connection.execute("""UPDATE measures SET value = '{"a": ' WHERE key = 'changed'""")
        connection.execute("INSERT INTO jobs VALUES ('j1', 'running')")
        connection.commit()
        connection.close()
        torn = site.folder / "artefacts" / "training" / "ab" / "abc.pt"
        torn.parent.mkdir(parents=True)
        torn.write_bytes(b"PK\x03\x04")
        wrong = site.check()
    finally:
        site.close()
    for sentence in (
        "changed is lost or changed",
        "lost is lost or changed",
        "changed is half-written",
        "job j1 is still 'running'",
        "abc.pt cannot be read",
    ):
        assert any(sentence in said for said in wrong), sentence
    assert len(wrong) == 5


@pytest.mark.parametrize("said", ["", "Traceback (most recent call last)", "broken", "Internal error: KeyError: 'a'."])
def test_who_is_told_nothing_or_a_traceback_is_found(said: str) -> None:
    one = Round.__new__(Round)
    one.wrong, one.said = [], Counter()
    one.hear({"state": "failed", "said": said})
    assert one.wrong
    one.wrong.clear(), one.said.clear()
    one.hear({"state": "failed", "said": "The disk is full: nothing was stored."})
    one.hear({"state": "running", "said": "result 3 of 6"})
    assert one.wrong == [] and list(one.said) == ["The disk is full: nothing was stored."]
