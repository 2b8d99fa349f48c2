"""A throw-away PostgreSQL server of Debian's package: its own folder, no network, gone with the tests."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

PATIENCE = 60.0
WHERE = "/usr/lib/postgresql"

_numbers = itertools.count()


def binaries() -> Path | None:
    """The folder with ``initdb`` and ``postgres``, the newest version's, if it is there."""
    found = [path.parent for path in Path(WHERE).glob("*/bin/postgres")]
    return max(found, key=lambda path: int(path.parent.name), default=None)


class Server:
    """A running server. It refuses to run as root, so there it runs as ``postgres`` or ``nobody``."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.folder = Path(tempfile.mkdtemp(prefix="pruning-pg-"))  # short: a socket's path has 107 characters at most
        self.user = None
        if os.getuid() == 0:
            self.user = next(name for name in ("postgres", "nobody") if _exists(name))
            shutil.chown(self.folder, self.user)
        new = ["initdb", "--no-sync", "--auth=trust", "--username=pruning", "--encoding=UTF8", "--locale=C"]
        self._run(*new, "--pgdata", str(self.folder / "data"))
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        fast = [f"-c{name}=off" for name in ("fsync", "full_page_writes")]
        command = [
            str(self.where / "postgres"),
            "-D",
            str(self.folder / "data"),
            "-k",
            str(self.folder),
            *fast,
            "-clisten_addresses=",
            "-cmax_connections=40",
        ]
        with open(self.folder.with_suffix(".log"), "a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, user=self.user, cwd="/")
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                assert self.process.poll() is None and time.monotonic() < end, "PostgreSQL did not start"
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: roll back and end at once; SIGQUIT: crash."""
        self.process.send_signal(how)
        self.process.wait(PATIENCE)

    def base(self) -> str:
        """The URL of an empty schema of its own: as good as a database, and made in no time."""
        name = f"base{next(_numbers)}"
        self.execute(f"CREATE SCHEMA {name}")
        return f"postgresql://pruning@/postgres?host={self.folder}&options=-csearch_path%3D{name}"

    def execute(self, statement: str) -> None:
        """Run one statement, in a connection of its own."""
        with psycopg.connect(f"host={self.folder} user=pruning dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def hang_up(self) -> None:
        """Close all connections from the server's side, as a restart or a firewall does."""
        self.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def close(self) -> None:
        """End it without writing to the disk what will be deleted."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)
        self.folder.with_suffix(".log").unlink()

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [str(self.where / command[0]), *command[1:]], user=self.user, cwd="/", capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


def _exists(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False
