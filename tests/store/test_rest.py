"""At rest no connection is held, and nobody notices."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from pruning.store.database import Database
from pruning.store.store import Store


def held(store: Database) -> int:
    """Connections that lie in the pool."""
    return store.engine.pool.checkedin()  # ty: ignore[unresolved-attribute]


def test_connections_that_nobody_uses_are_closed(store: Store) -> None:
    together = threading.Barrier(3)

    def look(connection: sa.Connection) -> None:
        connection.execute(sa.text("SELECT 1"))
        together.wait(10)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: store.transact(look), range(3)))
    assert held(store) >= 3
    store.rest()
    assert held(store) == 0
    store.add_job("j1", "{}", "ada")
    assert [job.id for job in store.jobs()] == ["j1"] and held(store) == 1


def test_one_that_is_in_use_goes_on(store: Store) -> None:
    with store.transaction() as connection:
        connection.execute(sa.text("SELECT 1"))
        store.rest()
        assert connection.execute(sa.text("SELECT 2")).scalar() == 2
    assert store.jobs() == []


def test_a_database_in_memory_stays() -> None:
    memory = Database("sqlite://")
    with memory.transaction() as connection:
        connection.execute(sa.text("CREATE TABLE here (a)"))
    memory.rest()
    with memory.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM here")).scalar() == 0
    memory.close()
