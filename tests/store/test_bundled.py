from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pruning.common.environment import Settings
from pruning.store.bundled import Bundled
from pruning.store.store import Store

GRID = {
    "schema_version": 1,
    "made_by": "assets/make_grids.py",
    "date": "2026-11-24",
    "machine": "somewhere: a processor, 2 cores",
    "torch": "2.13.0",
    "measures": {"k1": {"state_key": "s1", "measure": "accuracy", "value": {"correct": 90}, "seconds": 1.5}},
}


@pytest.fixture
def grids(tmp_path: Path) -> Path:
    folder = tmp_path / "grids"
    folder.mkdir()
    (folder / "one.json").write_text(json.dumps(GRID))
    return folder


def test_the_database_comes_first_and_the_grids_behind_it(
    grids: Path, settings: Settings, about: dict[str, Any]
) -> None:
    store = Store(settings, grids=grids)
    record = store.get(["k1", "k2"])["k1"]
    assert (record.origin, record.value, record.machine) == ("bundled", {"correct": 90}, GRID["machine"])
    assert record.created.isoformat() == "2026-11-24T00:00:00+00:00"
    store.put("k1", {"correct": 91}, **about)
    assert store.get(["k1"])["k1"].origin == "stored"


def test_what_was_added_later_says_when_and_where(grids: Path) -> None:
    added = {**GRID["measures"]["k1"], "date": "2026-11-28", "machine": "another, 4 cores"}
    (grids / "one.json").write_text(json.dumps(GRID | {"measures": GRID["measures"] | {"k2": added}}))
    found = Bundled(grids).get(["k1", "k2"])
    assert (found["k1"].machine, found["k1"].created.day) == (GRID["machine"], 24)
    assert (found["k2"].machine, found["k2"].created.day) == ("another, 4 cores", 28)


def test_bundled_results_give_no_pace(grids: Path, settings: Settings) -> None:
    assert Store(settings, grids=grids).pace("lenet_5", "cpu") is None


def test_grids_are_read_once_and_only_when_asked_for(grids: Path) -> None:
    bundled = Bundled(grids)
    (grids / "two.json").write_text(json.dumps(GRID | {"measures": {"k2": GRID["measures"]["k1"]}}))
    assert set(bundled.get(["k1", "k2"])) == {"k1", "k2"}
    (grids / "one.json").unlink()
    assert set(bundled.get(["k1"])) == {"k1"}


@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 2}', '{"schema_version": 1, "measures": {}}'])
def test_a_damaged_grid_is_left_out_and_listed(grids: Path, text: str) -> None:
    (grids / "bad.json").write_text(text)
    bundled = Bundled(grids)
    assert set(bundled.get(["k1"])) == {"k1"}
    assert len(bundled.problems) == 1 and "bad.json" in bundled.problems[0]


def test_no_folder_is_no_grid(tmp_path: Path) -> None:
    assert Bundled(tmp_path / "none").get(["k1"]) == {}
