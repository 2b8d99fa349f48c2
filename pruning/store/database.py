"""One database connection pool, its transactions, and its errors as sentences."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from pruning.common.errors import StoreError
from pruning.store.connect import WAITS, connect, explain, lost

log = logging.getLogger(__name__)

T = TypeVar("T")


class Database:
    """What the parts of the store share. Safe from several threads: each transaction takes its own connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = connect(url)
        self._place = _file_of(self.engine)
        self._file = _known(self._place)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def rest(self) -> None:
        """Close the connections that nobody uses: each holds megabytes of pages and prepared statements."""
        if self.engine.url.database not in (None, "", ":memory:"):  # that one is gone with its connection
            self.engine.dispose()

    @contextmanager
    def transaction(self) -> Generator[sa.Connection]:
        """One transaction: all of it or nothing, and no second attempt; ``transact`` makes several.

        Raises:
            StoreError: full disk, locked, damaged or deleted database, lost connection, in one sentence.
        """
        self._look()
        try:
            with self.engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise StoreError(explain(error)) from error

    def _look(self) -> None:
        """See that the file of the database is the one that connections have open: what goes into a file that was
        deleted is gone with the last of them, and SQLite says nothing of it."""
        if self._file is None or self._place is None or (now := _known(self._place)) == self._file:
            return
        self.engine.dispose()
        if now is None:
            if not self._place.parent.is_dir():
                return  # a folder that went away may come back: SQLite says that it cannot open the file
            raise StoreError(
                f"The database {self._place} was deleted or moved: nothing was stored. Put it back, or start the "
                "server again for a new one."
            )
        self._file = now  # another one was put in its place: new connections open that

    def transact(self, work: Callable[[sa.Connection], T]) -> T:
        """One transaction, tried again while the database's server does not answer, for some seconds.

        Args:
            work: may run several times, so it must come to the same when it was done already: a connection that is
                lost during COMMIT does not tell whether it was.

        Raises:
            StoreError: as ``transaction``.
        """
        for wait in (*WAITS, None):
            try:
                with self.transaction() as connection:
                    return work(connection)
            except StoreError as error:
                if wait is None or error.__cause__ is None or not lost(error.__cause__):
                    raise
                log.warning("%s", error)
                time.sleep(wait)
        raise AssertionError("unreachable")

    def upsert(self, table: sa.Table, where: dict[str, Any], new: dict[str, Any], change: dict[str, Any]) -> None:
        """Insert ``where | new``, or apply ``change`` to the row that is there.

        The UPDATE comes first, so that the transaction holds SQLite's write lock from its first statement on: one that
        began by reading could be refused without waiting when another process wrote in between.
        """
        condition = sa.and_(*(table.c[name] == value for name, value in where.items()))

        def work(connection: sa.Connection) -> None:
            if not connection.execute(table.update().where(condition).values(**change)).rowcount:
                connection.execute(table.insert().values(**where, **new))

        try:
            self.transact(work)
        except IntegrityError:  # another process inserted between our two statements
            try:
                self.transact(work)
            except IntegrityError as error:
                raise StoreError(explain(error)) from error


def _file_of(engine: sa.Engine) -> Path | None:
    """SQLite's file; None for a database in memory, or on a server."""
    name = engine.url.database
    return Path(name).absolute() if engine.dialect.name == "sqlite" and name and name != ":memory:" else None


def _known(place: Path | None) -> tuple[int, int] | None:
    """What tells a file from another one of its name; None where there is none."""
    try:
        about = place.stat() if place is not None else None
    except OSError:
        return None
    return None if about is None else (about.st_dev, about.st_ino)
