"""The databases that ``faults.py`` loses and looks into: SQLite's file, and a real PostgreSQL server."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path
from typing import Any

import psycopg

from tests.helpers import postgres


class Sqlite:
    """A file in the store's folder. That it does not answer is injected into the processes that use it."""

    def __init__(self, folder: Path, flags: Path) -> None:
        self.file, self.flag = folder / "store.db", flags / "database"
        self.url = f"sqlite:///{self.file}"

    def lose(self) -> None:
        self.flag.touch()

    def back(self) -> None:
        self.flag.unlink()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.file, timeout=30)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def damage(self) -> str:
        """What is wrong with the file, in SQLite's words; nothing where it is whole."""
        try:
            state = "; ".join(str(row[0]) for row in self.rows("PRAGMA integrity_check"))
        except sqlite3.DatabaseError as error:
            return str(error)
        return "" if state == "ok" else state

    def close(self) -> None:
        """Nothing runs."""


class PostgreSQL:
    """A server of its own: it is lost as by a crash, and recovers from its log when it comes back."""

    def __init__(self) -> None:
        where = postgres.binaries()
        if where is None:
            raise SystemExit(f"No PostgreSQL under {postgres.WHERE}: apt-get install postgresql.")
        self.server = postgres.Server(where)
        self.url = self.server.base()

    def lose(self) -> None:
        self.server.stop(signal.SIGQUIT)

    def back(self) -> None:
        self.server.start()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()  # ty: ignore[no-matching-overload]

    def damage(self) -> str:
        """What PostgreSQL says when it reads every table through; nothing where it can."""
        try:
            for table in ("measures", "runs", "jobs"):
                self.rows(f"SELECT * FROM {table}")
        except psycopg.Error as error:
            return str(error)
        return ""

    def close(self) -> None:
        self.server.close()
