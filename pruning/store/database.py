"""One database connection pool, its transactions, and its errors as sentences."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from pruning.errors import StoreError
from pruning.store.schema import connect


class Database:
    """What the parts of the store share. Safe from several threads: each transaction takes its own connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = connect(url)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def transaction(self) -> Generator[sa.Connection]:
        """One transaction: all of it or nothing.

        Raises:
            StoreError: full disk, locked or damaged database, in one sentence.
        """
        try:
            with self.engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise StoreError(explain(error)) from error

    def upsert(self, table: sa.Table, where: dict[str, Any], new: dict[str, Any], change: dict[str, Any]) -> None:
        """Insert ``where | new``, or apply ``change`` to the row that is there.

        The UPDATE comes first, so that the transaction holds SQLite's write lock from its first statement on: one that
        began by reading could be refused without waiting when another process wrote in between.
        """
        for last in (False, True):
            try:
                with self.transaction() as connection:
                    condition = sa.and_(*(table.c[name] == value for name, value in where.items()))
                    if not connection.execute(table.update().where(condition).values(**change)).rowcount:
                        connection.execute(table.insert().values(**where, **new))
                return
            except IntegrityError as error:  # another process inserted between our two statements
                if last:
                    raise StoreError(explain(error)) from error


def explain(error: SQLAlchemyError) -> str:
    """One sentence on what a database refused."""
    reason = str(getattr(error, "orig", None) or error).strip().rstrip(".")
    if "disk is full" in reason or "No space left" in reason:
        return "The disk is full: nothing was stored. Free some space and try again."
    if "locked" in reason:
        return "The store is busy: another process held it for too long. Try again."
    if "readonly" in reason or "read-only" in reason:
        return "The store is read-only: nothing was stored. Give this user the right to write, or set PRUNING_STORE."
    if "malformed" in reason or "not a database" in reason:
        return f"The store is damaged ({reason}): restore a copy, or point PRUNING_STORE to a new database."
    return f"The store failed: {reason}."
