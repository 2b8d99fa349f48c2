"""Opening a database: what is refused, and in which words."""

from __future__ import annotations

import multiprocessing
import sqlite3
import sys
import types
from pathlib import Path

import pytest

from pruning.common.environment import Settings
from pruning.common.errors import StoreError
from pruning.store.schema import meta
from pruning.store.store import Store


def test_a_newer_schema_is_refused_in_one_sentence(store: Store, settings: Settings) -> None:
    with store.transaction() as connection:
        connection.execute(meta.update().values(value=99))
    with pytest.raises(StoreError, match=r"schema version 99 and this program reads versions up to 2: update"):
        Store(settings)
    with store.transaction() as connection:
        assert connection.execute(meta.select()).all() == [("schema", 99)]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"this is a text, not a database " * 100)
    with pytest.raises(StoreError, match="no database"):
        Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(f"sqlite:///{tmp_path / 'file' / 'store.db'}", tmp_path)


def test_a_database_whose_folder_went_away_is_said_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = Store.open(f"sqlite:///{folder / 'store.db'}", tmp_path)
    store.close()
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match=r"cannot be reached \(unable to open database file\): .* PRUNING_STORE"):
        store.jobs()
    (tmp_path / "elsewhere").rename(folder)
    assert store.jobs() == []


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open("nosuchdriver://ada:secret@host/base", tmp_path)
    assert "secret" not in str(caught.value)


def test_sqlite_runs_in_wal_and_waits(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    with store.transaction() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 15000
    store.close()


def _open(url: str, folder: str, out: multiprocessing.Queue) -> None:
    try:
        store = Store.open(url, folder)
        store.add_job("j", "{}", "ada")
        out.put("fine")
    except Exception as error:
        out.put(repr(error))


def test_processes_that_open_a_new_store_at_once_all_succeed(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A page that was tested before leaves itself as the main module, and each new process would start the app.
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
    context = multiprocessing.get_context("spawn")  # a fork of a process that has run torch may hang
    out = context.Queue()
    workers = [context.Process(target=_open, args=(url, str(tmp_path), out)) for _ in range(3)]
    for worker in workers:
        worker.start()
    assert [out.get(timeout=60) for _ in workers] == ["fine"] * 3
    for worker in workers:
        worker.join()


def test_a_database_that_was_deleted_takes_nothing_and_one_in_its_place_goes_on(tmp_path: Path) -> None:
    place = tmp_path / "store.db"
    store = Store.open(f"sqlite:///{place}", tmp_path)
    store.add_job("j", "{}", "ada")
    copy = tmp_path / "copy.db"
    with sqlite3.connect(place) as old, sqlite3.connect(copy) as new:
        old.backup(new)
    for left in tmp_path.glob("store.db*"):
        left.unlink()
    for act in (lambda: store.add_job("k", "{}", "ada"), store.jobs):
        with pytest.raises(StoreError, match="was deleted or moved: nothing was stored"):
            act()
    assert not place.exists(), "no empty one is left in its place"
    copy.rename(place)
    assert [job.id for job in store.jobs()] == ["j"]
    store.close()
