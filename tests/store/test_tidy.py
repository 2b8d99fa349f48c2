"""Artefacts stay within their bounds: the oldest go, never one in use, whoever else cleans up or dies meanwhile."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from pruning.common.environment import ROOT
from pruning.common.errors import StoreError
from pruning.common.limits import ARTEFACT_MB, ARTEFACT_REST_SECONDS
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.store.footprint import footprint
from pruning.store.store import Store
from pruning.store.tidy import tidy
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.base import Base

MB = 10**6
STUDY = Study(
    base=Base(model="lenet_300_100"),
    recipe=(Prune(sparsity=500), Train(steps=10), Prune(sparsity=900)),
    measures=(MeasureSpec(name="accuracy"),),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "artefacts")


def aged(store: Store, key: str, hours: float, size: int = MB, kind: str = "training") -> Path:
    """A file that was last used so many hours ago."""
    place = store.write(kind, key, bytes(size), ".pt")
    then = time.time() - hours * 3600
    os.utime(place, (then, then))
    return place


def left(store: Store, kind: str = "training") -> set[str]:
    return {file.key for file in store.artefacts.listed().get(kind, ())}


def test_the_oldest_go_until_the_rest_is_within_the_bound(store: Store) -> None:
    for number in range(6):
        aged(store, f"k{number}", 10 - number)
    aged(store, "other", 100, kind="checkpoint")
    assert tidy(store, {"training": 4}) == {"training": 2 * MB}
    assert left(store) == {"k2", "k3", "k4", "k5"} and left(store, "checkpoint") == {"other"}
    assert tidy(store, {"training": 4}) == {}


def test_what_was_used_lately_stays_even_beyond_the_bound(store: Store) -> None:
    aged(store, "old", 9)
    aged(store, "read", 9)
    aged(store, "young", ARTEFACT_REST_SECONDS / 3600 - 0.1)
    assert store.read("training", "read", ".pt") == bytes(MB)  # counts as used now
    assert tidy(store, {"training": 1}) == {"training": MB}
    assert left(store) == {"read", "young"}


def test_what_an_unfinished_job_would_go_on_from_stays(store: Store) -> None:
    trained = STUDY.base.state_key(STUDY.recipe[:2])
    aged(store, trained, 50)
    aged(store, "other", 40)
    store.add_job(STUDY.key, STUDY.model_dump_json(), "ada", "another:1:server")
    assert tidy(store, {"training": 0}) == {"training": MB}
    assert left(store) == {trained}
    store.update_job(STUDY.key, "done")
    tidy(store, {"training": 0})
    assert left(store) == set()


def test_nothing_is_deleted_when_nobody_knows_what_is_needed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    aged(store, "old", 50)

    def lost() -> None:
        raise StoreError("The store is busy.")

    monkeypatch.setattr(store, "unfinished", lost)
    with pytest.raises(StoreError):
        tidy(store, {"training": 0})
    assert left(store) == {"old"}


def test_a_file_that_was_used_since_it_was_listed_stays(store: Store) -> None:
    place = aged(store, "old", 50)
    (file,) = store.artefacts.listed()["training"]
    os.utime(place)
    assert not store.artefacts.drop(file)
    assert place.exists()


def test_a_file_that_cannot_be_deleted_stops_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _second = aged(store, "k0", 9), aged(store, "k1", 8)
    unlink = Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self == first:
            raise PermissionError("it is another's")
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert tidy(store, {"training": 1}) == {"training": MB}
    assert left(store) == {"k0"}


def test_two_servers_at_once_delete_no_more_than_one_would(store: Store) -> None:
    for number in range(60):
        aged(store, f"k{number:02d}", 100 - number, size=MB // 10)
    other = Store.open(store.url, store.artefacts.folder)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: tidy(one, {"training": 3}), [store, other, store, other]))
    assert left(store) == {f"k{number:02d}" for number in range(30, 60)}


def test_a_clean_up_that_dies_in_the_middle_is_finished_by_the_next(store: Store) -> None:
    for number in range(6):
        aged(store, f"k{number}", 10 - number)
    script = f"""
import os
from pathlib import Path
from pruning.store import Store
from pruning.store.tidy import tidy
unlink, count = Path.unlink, 0
def dying(self, missing_ok=False):
    global count
    if self.suffix == ".pt":
        count += 1
        if count == 3:
            os._exit(9)
    unlink(self, missing_ok)
Path.unlink = dying
tidy(Store.open({store.url!r}, {str(store.artefacts.folder)!r}), {{"training": 1}})
"""
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 9
    assert left(store) == {"k2", "k3", "k4", "k5"}
    assert all(store.read("training", key, ".pt") == bytes(MB) for key in ("k2", "k3"))  # whole; used now
    assert tidy(store, {"training": 1}) == {"training": 2 * MB}
    assert left(store) == {"k2", "k3"}


@pytest.fixture
def small(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store on a disk that has room for four megabytes of artefacts; one megabyte is made room for beside a file."""
    monkeypatch.setattr("pruning.store.tidy.ROOM_MB", 1)
    fsync = os.fsync

    def flush(handle: int) -> None:
        if sum(path.stat().st_size for path in store.artefacts.folder.rglob("*") if path.is_file()) > 4 * MB:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", flush)
    return store


def test_on_a_full_disk_the_oldest_that_nobody_needs_make_room(small: Store) -> None:
    needed = STUDY.base.state_key(STUDY.recipe[:2])
    small.add_job(STUDY.key, STUDY.model_dump_json(), "ada", "another:1:server")
    aged(small, needed, 9), aged(small, "k1", 8, kind="small")
    aged(small, "k2", 0.5), aged(small, "k3", 0.2)
    small.write("training", "new", bytes(MB), ".pt")
    assert left(small) == {needed, "k3", "new"} and left(small, "small") == set()


def test_the_database_gets_room_too(small: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    execute, refused = sa.Connection.execute, []

    def full(connection: sa.Connection, statement: Any, *rest: Any, **more: Any) -> Any:
        if not isinstance(statement, sa.Select) and left(small) == {"k1"}:
            refused.append(statement)
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return execute(connection, statement, *rest, **more)

    aged(small, "k1", 3)
    monkeypatch.setattr(sa.Connection, "execute", full)
    small.add_job(STUDY.key, STUDY.model_dump_json(), "ada", "host:1:server")
    assert len(refused) == 1 and left(small) == set()
    assert len(small.unfinished()) == 1


def test_where_nothing_may_go_a_full_disk_is_said(small: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [aged(small, key, 0.01) for key in ("k0", "k1", "k2", "k3")]  # used within the last minute
    with pytest.raises(StoreError, match=r"^The disk is full: 'new\.pt' was not written"):
        small.write("training", "new", bytes(MB), ".pt")
    for place in places:
        os.utime(place, (0, 0))

    def lost() -> None:
        raise StoreError("The store is busy.")

    monkeypatch.setattr(small, "unfinished", lost)
    with pytest.raises(StoreError, match="The disk is full"):
        small.write("training", "new", bytes(MB), ".pt")
    assert left(small) == {"k0", "k1", "k2", "k3"}


def test_the_footprint_counts_files_and_names_every_bound(store: Store) -> None:
    aged(store, "k0", 1, size=1234)
    room = footprint(store)
    assert room.artefacts == {
        "training": (1, 1234, ARTEFACT_MB["training"] * MB),
        "checkpoint": (0, 0, ARTEFACT_MB["checkpoint"] * MB),
        "small": (0, 0, ARTEFACT_MB["small"] * MB),
    }
    assert room.database is not None and room.database >= 4096 and 0 < room.free < room.total
