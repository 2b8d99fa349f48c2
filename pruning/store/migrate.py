"""From any earlier version of the tables to this program's, in place, by Alembic; two servers at once do it once.

``meta`` holds the version that programs compare, also those from before there were migrations; ``alembic_version`` is
Alembic's own note of the steps that were made. All steps of an upgrade are one transaction, under a lock: after a crash
the database is as it was.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event

from pruning.common.errors import StoreError
from pruning.store.schema import SCHEMA_VERSION, meta

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x7072756E
"""Number of PostgreSQL's advisory lock: any, but the same in all versions of this program."""


def migrate(engine: sa.Engine) -> None:
    """Make or upgrade the tables.

    Raises:
        StoreError: the database is of a newer version.
        SQLAlchemyError: it cannot be reached or changed; nothing was changed then.
    """
    with engine.connect() as connection:
        version = _version(connection)
    if version is None or version < SCHEMA_VERSION:
        with _alone(engine) as connection:
            version = _version(connection)  # another server may have done it while this one waited
            if version is None or version < SCHEMA_VERSION:
                _upgrade(connection, version)
                version = SCHEMA_VERSION
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"The store has schema version {version} and this program reads versions up to {SCHEMA_VERSION}: "
            "update the program, or point PRUNING_STORE to another database."
        )


def _version(connection: sa.Connection) -> int | None:
    if not sa.inspect(connection).has_table("meta"):
        return None
    return connection.execute(sa.select(meta.c.value).where(meta.c.name == "schema")).scalar()


@contextmanager
def _alone(engine: sa.Engine) -> Generator[sa.Connection]:
    """One transaction that no other server can enter at the same time."""
    if engine.dialect.name == "sqlite":
        with _immediate(engine) as connection:
            yield connection
        return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        yield connection


@contextmanager
def _immediate(engine: sa.Engine) -> Generator[sa.Connection]:
    """SQLite: the write lock from the start. Python's driver by itself would begin only before the first INSERT, and
    leave a table that was half changed."""

    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        before, driver.isolation_level = driver.isolation_level, None
        event.listen(connection, "begin", begin)
        try:
            with connection.begin():
                yield connection
        finally:
            driver.isolation_level = before


def _upgrade(connection: sa.Connection, version: int | None) -> None:
    """Run the steps that are missing; ``version`` None: all of them."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    if version is not None and not sa.inspect(connection).has_table("alembic_version"):
        command.stamp(config, str(version))  # from before there were migrations
    command.upgrade(config, "head")
    if connection.execute(meta.update().where(meta.c.name == "schema").values(value=SCHEMA_VERSION)).rowcount == 0:
        connection.execute(meta.insert().values(name="schema", value=SCHEMA_VERSION))
