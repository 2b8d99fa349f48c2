"""The tables, and the version that they have.

``measures`` what was measured, by key; ``runs`` what a person keeps; ``jobs`` work that was asked for and must
survive the server; ``meta`` the schema's version.
"""

from __future__ import annotations

import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError, ProgrammingError

from pruning.errors import StoreError

SCHEMA_VERSION = 1

tables = sa.MetaData()

meta = sa.Table(
    "meta",
    tables,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
)

measures = sa.Table(
    "measures",
    tables,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("state_key", sa.String(64), nullable=False),
    sa.Column("measure", sa.String(64), nullable=False),
    sa.Column("model", sa.String(64), nullable=False),
    sa.Column("device", sa.String(32), nullable=False),
    sa.Column("machine", sa.String(200), nullable=False),
    sa.Column("images", sa.Integer),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("created", sa.Float, nullable=False, doc="seconds since 1970, UTC"),
    sa.Column("value", sa.Text, nullable=False, doc="JSON without NaN"),
    sa.Index("measures_pace", "model", "device", "machine", "created"),
)

runs = sa.Table(
    "runs",
    tables,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("updated", sa.Float, nullable=False),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("scorer", sa.Text, nullable=False),
    sa.Column("granularity", sa.Text, nullable=False),
    sa.Column("allocation", sa.Text, nullable=False),
    sa.Column("sparsity", sa.Text, nullable=False),
    sa.Column("kept", sa.Boolean, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("study", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Index("runs_created", "created"),
)

jobs = sa.Table(
    "jobs",
    tables,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("study", sa.Text, nullable=False),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("ended", sa.Float),
    sa.Column("done", sa.Float, nullable=False, server_default="0"),
    sa.Column("total", sa.Float, nullable=False, server_default="0"),
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    sa.Column("traceback", sa.Text, nullable=False, server_default="", doc="for the log, never shown on a page"),
    sa.Column("server", sa.String(200), nullable=False, server_default="", doc="the server that holds the lease"),
    sa.Column("beat", sa.Float, nullable=False, server_default="0", doc="when that server last said it lives"),
    sa.Index("jobs_state", "state"),
)


def connect(url: str) -> sa.Engine:
    """A database by URL, tables made where they are missing, the version checked.

    Raises:
        StoreError: in one sentence, when it cannot be opened or has another version.
    """
    try:
        if (place := sa.make_url(url)).get_backend_name() == "sqlite" and place.database:
            Path(place.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(url)
    except Exception as error:  # a driver that is not installed raises ImportError, a bad URL ArgumentError
        raise StoreError(f"The database '{_safe(url)}' cannot be opened: {error}") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite)
    for attempt in range(20):
        try:
            _create(engine)
            return engine
        except (OperationalError, ProgrammingError, IntegrityError) as error:
            # Processes that open a new database at the same moment race for CREATE TABLE and for WAL: try again.
            if attempt == 19 or not any(word in str(error.orig) for word in ("locked", "exists", "UNIQUE", "unique")):
                engine.dispose()
                raise StoreError(f"The database '{_safe(url)}' cannot be opened: {error.orig}.") from None
            time.sleep(0.05 * (attempt + 1))
        except DatabaseError as error:
            engine.dispose()
            raise StoreError(f"The database '{_safe(url)}' is damaged or no database: {error.orig}.") from None
        except StoreError:
            engine.dispose()
            raise
    raise AssertionError("unreachable")


def _create(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        names = set(sa.inspect(connection).get_table_names())
    if not {"meta", "measures", "runs", "jobs"} <= names:
        if "meta" in names:
            _check(engine)
        tables.create_all(engine)
        with engine.begin() as connection:
            if connection.execute(sa.select(meta.c.value)).first() is None:
                connection.execute(meta.insert().values(name="schema", value=SCHEMA_VERSION))
    _check(engine)


def _check(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        version = connection.execute(sa.select(meta.c.value).where(meta.c.name == "schema")).scalar()
    if version is not None and version != SCHEMA_VERSION:
        raise StoreError(
            f"The store has schema version {version} and this program reads version {SCHEMA_VERSION}: "
            "point PRUNING_STORE to another database, or use the program that made this one."
        )


def _sqlite(connection, _record) -> None:  # noqa: ANN001 - the driver's own type
    """Readers never wait for writers (WAL); a writer waits up to 15 s for another one."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=15000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _safe(url: str) -> str:
    """The URL without a password."""
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except Exception:
        return url.split("@")[-1]
