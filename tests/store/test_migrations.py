"""A database of an earlier version, upgraded in place: no row is lost, once for all servers, all or nothing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from pruning.store import migrate
from pruning.store.connect import _engine
from pruning.store.schema import SCHEMA_VERSION, tables
from pruning.store.store import Store

OLD = Path(__file__).parent / "version_1.sql"
"""The tables exactly as the program of 24 November 2026, before migrations, made them."""

ROWS: dict[str, list[tuple[Any, ...]]] = {
    "meta": [("schema", 1)],
    "measures": [
        (f"k{n}", "s", "accuracy", "lenet_5", "cpu", "m" * 200, 100, 0.5, 1.7e9 + n, '{"n": 1}') for n in range(50)
    ]
    + [("odd", "s", "bytes", "lenet_5", "cpu", "Größe", None, 0.1, 1.7e9, "{}")],
    "runs": [
        (
            "r1",
            1.7e9,
            1.7e9,
            "ada",
            "Ein Lauf",
            "note\nline",
            "lenet_5",
            "random",
            "weight",
            "global",
            "90 %",
            True,
            2.5,
            '{"study": 1}',
            '{"accuracy": 0.9}',
        )
    ],
    "jobs": [
        ("j1", "{}", "ada", "running", 1.7e9, 1.7e9, None, 1.0, 4.0, "", "", "host:1:ab", 1.7e9),
        ("j2", "{}", "bob", "failed", 1.7e9, None, 1.7e9, 0.0, 0.0, "It broke.", "Trace", "", 0.0),
    ],
}


@pytest.fixture
def old(url: str) -> str:
    """The URL of a database of version 1 with rows in it."""
    engine = _engine(url)
    with engine.begin() as connection:
        for statement in OLD.read_text().split(";\n"):
            connection.exec_driver_sql(statement)
    with engine.begin() as connection:
        for name, rows in ROWS.items():
            columns = [column["name"] for column in sa.inspect(connection).get_columns(name)]
            values = [dict(zip(columns, row, strict=True)) for row in rows]
            connection.execute(tables.tables[name].insert(), values)
    engine.dispose()
    return url


def rows(connection: sa.Connection, name: str) -> list[tuple[Any, ...]]:
    order = sa.text("1")
    return [tuple(row) for row in connection.execute(tables.tables[name].select().order_by(order))]


def test_no_row_is_lost_and_the_tables_are_what_the_program_says(old: str, tmp_path: Path) -> None:
    store = Store.open(old, tmp_path)
    with store.transaction() as connection:
        assert rows(connection, "meta") == [("schema", SCHEMA_VERSION)]
        for name in ("measures", "runs", "jobs"):
            assert rows(connection, name) == sorted(ROWS[name])
        assert compare_metadata(MigrationContext.configure(connection), tables) == []
    name = "n" * 200
    store.rename_run("r1", name, "ada")
    assert store.run("r1").name == name
    assert store.job("j1").server == "host:1:ab"
    store.close()


def test_a_new_database_is_the_same_as_an_upgraded_one(url: str, tmp_path: Path) -> None:
    store = Store.open(url, tmp_path)
    with store.transaction() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables) == []
        assert rows(connection, "meta") == [("schema", SCHEMA_VERSION)]
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).all() == [(str(SCHEMA_VERSION),)]
    store.close()


def test_there_is_one_step_for_each_version() -> None:
    script = ScriptDirectory(str(migrate.FOLDER))
    steps = [step.revision for step in script.walk_revisions()][::-1]
    assert steps == [str(number + 1) for number in range(SCHEMA_VERSION)]


def test_servers_that_start_at_once_upgrade_once(old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrades: list[int | None] = []
    upgrade = migrate._upgrade

    def counted(connection: sa.Connection, version: int | None) -> None:
        upgrades.append(version)
        upgrade(connection, version)

    # Alembic keeps the context of the running upgrade in one place for all threads: the lock must keep them apart.
    monkeypatch.setattr(migrate, "_upgrade", counted)
    together, stores, errors = threading.Barrier(4), [], []

    def open_one() -> None:
        together.wait()
        try:
            stores.append(Store.open(old, tmp_path))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and upgrades == [1]
    assert all(len(store.get(f"k{n}" for n in range(50))) == 50 for store in stores)
    for store in stores:
        store.close()


def test_an_upgrade_that_breaks_off_leaves_everything_as_it_was(
    old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    def broken(*_args: Any) -> None:
        raise SQLAlchemyError("the power went")

    engine = _engine(old)
    with monkeypatch.context() as patch:
        patch.setattr(op, "create_index", broken)  # the last statement of step 2
        with pytest.raises(SQLAlchemyError, match="the power went"):
            migrate.migrate(engine)
    with engine.connect() as connection:
        assert not sa.inspect(connection).has_table("alembic_version")
        column = next(c for c in sa.inspect(connection).get_columns("runs") if c["name"] == "name")
        assert column["type"].length == 200
        for name in ROWS:
            assert rows(connection, name) == sorted(ROWS[name])
    engine.dispose()
    Store.open(old, tmp_path).close()


def test_a_half_made_database_of_that_time_is_finished(url: str, tmp_path: Path) -> None:
    engine = _engine(url)
    with engine.begin() as connection:
        for statement in OLD.read_text().split(";\n")[:2]:
            connection.exec_driver_sql(statement)
    engine.dispose()
    store = Store.open(url, tmp_path)
    store.add_job("j1", "{}", "ada")
    assert store.job("j1").owner == "ada"
    store.close()
