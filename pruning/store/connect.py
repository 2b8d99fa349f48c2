"""A database by URL: SQLite for one machine, PostgreSQL for more than one, and their failures as sentences."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pruning.common.errors import StoreError, without_secrets
from pruning.store.migrate import migrate

WAITS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds between attempts to reach a PostgreSQL that does not answer: a restart of it is sat out."""

POOL = {
    "pool_pre_ping": True,  # a connection that the server, or a firewall, has closed is replaced before it is used
    "pool_recycle": 1800,
    "pool_size": 5,
    "max_overflow": 15,
    "pool_timeout": 15,
}
KEEPALIVE = {
    "connect_timeout": 5,
    "application_name": "pruning",
    "keepalives_idle": 30,  # a peer that lost its power never closes: these notice it within a minute
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # nor is a question that nobody confirms waited for longer: keepalives rest meanwhile
}
LOCK_SECONDS = 15
"""How long a transaction waits for another one, in either database."""

GONE = {"57P01", "57P02", "57P03", "53300", "40001", "40P01"}
"""SQLSTATE: server ends, crashed, or starts; no connection left; two transactions in each other's way."""


def connect(url: str) -> sa.Engine:
    """A database by URL, with the tables of this program's version: made where there are none, migrated where old.

    Raises:
        StoreError: in one sentence, when it cannot be opened or is of a newer version.
    """
    engine = _engine(url)
    for attempt in range(20):
        try:
            migrate(engine)
            return engine
        except StoreError:
            engine.dispose()
            raise
        except (OperationalError, ProgrammingError, IntegrityError) as error:
            # Processes that open a new file at the same moment race for WAL; a server may be starting: try again.
            race = any(word in str(error.orig) for word in ("locked", "lock timeout", "exists", "UNIQUE", "unique"))
            wait = 0.05 * (attempt + 1) if race else WAITS[attempt] if lost(error) and attempt < len(WAITS) else 0
            if not wait or attempt == 19:
                engine.dispose()
                raise StoreError(f"The database '{safe(url)}' cannot be opened: {reason(error)}.") from None
            time.sleep(wait)
        except DatabaseError as error:
            engine.dispose()
            raise StoreError(f"The database '{safe(url)}' is damaged or no database: {reason(error)}.") from None
    raise AssertionError("unreachable")


def _engine(url: str) -> sa.Engine:
    try:
        place = sa.make_url(url)
        if place.drivername in ("postgres", "postgresql"):
            place = place.set(drivername="postgresql+psycopg")
        options: dict[str, Any] = {}
        if place.get_backend_name() == "sqlite" and place.database:
            Path(place.database).parent.mkdir(parents=True, exist_ok=True)
        elif place.get_backend_name() == "postgresql":
            options = POOL | {"connect_args": KEEPALIVE}
        engine = sa.create_engine(place, **options)
    except Exception as error:  # a driver that is not installed raises ImportError, a bad URL ArgumentError
        raise StoreError(f"The database '{safe(url)}' cannot be opened: {reason(error)}.") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _postgresql)
    return engine


def _sqlite(connection, _record) -> None:  # noqa: ANN001 - the driver's own type
    """Readers never wait for writers (WAL); a writer waits up to ``LOCK_SECONDS`` for another one."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _postgresql(connection, _record) -> None:  # noqa: ANN001 - the driver's own type
    """Somebody's open transaction, in a console perhaps, must not hold a server up for ever."""
    connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
    connection.commit()


def lost(error: BaseException) -> bool:
    """Whether a server was not reached, or broke off: the same transaction may succeed when it is tried again."""
    if not isinstance(error, DBAPIError) or type(error.orig).__module__.partition(".")[0] != "psycopg":
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # no server has spoken
        return error.connection_invalidated or isinstance(error, OperationalError)
    return state in GONE or state.startswith("08")


def no_room(error: BaseException | None) -> bool:
    """Whether the disk of the database is full."""
    words = reason(error) if isinstance(error, SQLAlchemyError) else ""
    return "disk is full" in words or "No space left" in words


def explain(error: SQLAlchemyError) -> str:
    """One sentence on what a database refused."""
    why = reason(error)
    if no_room(error):
        return "The disk is full: nothing was stored. Free some space and try again."
    if "locked" in why or "lock timeout" in why:
        return "The store is busy: another process held it for too long. Try again."
    if isinstance(error, PoolTimeout) or "too many clients" in why or "connection slots" in why:
        return "The store is busy: no connection to the database became free. Try again, or raise its max_connections."
    if "readonly" in why or "read-only" in why:
        return "The store is read-only: nothing was stored. Give this user the right to write, or set PRUNING_STORE."
    if "unable to open" in why or "disk I/O error" in why:
        return (
            f"The store cannot be reached ({why}): look whether the folder of PRUNING_STORE is there and may be "
            "written. What was stored before is safe; it goes on by itself when the folder is back."
        )
    if "malformed" in why or "not a database" in why:
        return f"The store is damaged ({why}): restore a copy, or point PRUNING_STORE to a new database."
    if lost(error):
        return f"The database does not answer ({why}): what was stored before is safe. Try again when it runs."
    return f"The store failed: {why}."


def reason(error: Exception) -> str:
    """What the driver says, first line only."""
    text = str(getattr(error, "orig", None) or error).strip()
    return without_secrets((text.splitlines() or [type(error).__name__])[0].strip().rstrip(".:"))


def safe(url: str) -> str:
    """The URL without a password."""
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except Exception:
        return url.split("@")[-1]
