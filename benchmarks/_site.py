"""A store with servers on it, for ``faults.py``: started, asked, killed, filled up, and looked over afterwards."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import torch

from benchmarks._database import PostgreSQL, Sqlite
from pruning.common.environment import ROOT

ANSWER_SECONDS = 240.0
STORE_MB = 96
"""Size of the small disk, where one may be mounted."""


class Server:
    """One server process; ``log`` gets its standard error."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        with open(log, "ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "benchmarks" / "_server.py")],
                env=environment,
                cwd=ROOT,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
            )
        assert self._line() == "ready"

    def ask(self, **line: Any) -> Any:
        """One line, one answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        return self._line()

    def pids(self) -> dict[str, Any]:
        """Process ids of its scheduler and its workers, once both are there."""
        end = time.monotonic() + ANSWER_SECONDS
        while not ((found := self.ask(pids=1))["cluster"] and len(found["workers"]) == 2):
            assert time.monotonic() < end, "the workers did not come back"
            time.sleep(0.2)
        return found

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        """End it in order."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()

    def _line(self) -> Any:
        stream = self.process.stdout
        assert stream is not None
        assert select.select([stream], [], [], ANSWER_SECONDS)[0], "the server does not answer"
        text = stream.readline()
        assert text, "the server has ended"
        return json.loads(text)


class Site:
    """The store's folder: on a small disk of its own where one may be mounted, else faults of the disk are injected.

    A PostgreSQL server has its own folder on another disk, as on another machine.
    """

    def __init__(self, folder: Path, postgresql: bool = False) -> None:
        self.folder, self.flags = folder / "store", folder / "flags"
        self.folder.mkdir(parents=True), self.flags.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={STORE_MB}m", "pruning-faults", str(self.folder)]
        self.mounted = sys.platform == "linux" and subprocess.run(mount, capture_output=True).returncode == 0
        self.database = PostgreSQL() if postgresql else Sqlite(self.folder, self.flags)
        self.environment = os.environ | {
            "PRUNING_STORE": self.database.url,
            "PRUNING_ARTEFACTS": str(self.folder / "artefacts"),
            "PRUNING_FAULTS": str(self.flags),
            "PRUNING_WORKERS": "2",
            "PRUNING_SCHEDULER": "",
            "PRUNING_LOG": str(folder / "log.jsonl"),
            "OMP_NUM_THREADS": "1",
        }
        self.log = folder / "servers.log"
        self.known: dict[str, str] = {}

    def start(self) -> Server:
        return Server(self.environment, self.log)

    def fill(self) -> None:
        """Leave no byte free."""
        if not self.mounted:
            (self.flags / "disk").touch()
            return
        with open(self.folder / "ballast", "wb", buffering=0) as file:
            size = 2**20
            while size:
                try:
                    file.write(bytes(size))
                except OSError:
                    size //= 2

    def empty(self) -> None:
        """Give the room back."""
        (self.folder / "ballast").unlink(missing_ok=True)
        (self.flags / "disk").unlink(missing_ok=True)

    def artefacts(self) -> list[Path]:
        """All visible files."""
        return [path for path in self.folder.glob("artefacts/*/*/*") if not path.name.startswith(".")]

    def check(self) -> list[str]:
        """What is wrong with what is stored, a sentence each; what is right is known from now on."""
        wrong = []
        if damage := self.database.damage():
            wrong.append(f"The database is damaged: {damage}.")
        stored = dict(self.database.rows("SELECT key, value FROM measures"))
        left = self._unfinished()
        wrong += [f"The result {key} is lost or changed." for key in self.known if stored.get(key) != self.known[key]]
        wrong += [f"The result {key} is half-written." for key, text in stored.items() if not _whole(text)]
        wrong += [f"The job {job} is still '{state}' in the store." for job, state in left]
        self.known |= stored
        for path in self.artefacts():
            try:
                torch.load(path, weights_only=True)
            except Exception as error:
                wrong.append(f"The artefact {path.name} cannot be read: {type(error).__name__}.")
        wrong += [f"{path.name} was left half-written by a living process." for path in self._halves()]
        return wrong

    def _unfinished(self) -> list[tuple[str, str]]:
        """Jobs that the table calls unfinished; their ends are written within seconds."""
        query, left = "SELECT id, state FROM jobs WHERE state IN ('queued', 'running', 'interrupted')", []
        for _ in range(100):
            if not (left := [(job, state) for job, state in self.database.rows(query)]):
                break
            time.sleep(0.2)
        return left

    def _halves(self) -> list[Path]:
        """Temporary files whose writers live, and were not finished within seconds."""
        halves = {}
        for _ in range(20):
            halves = {
                path
                for path in self.folder.glob("artefacts/*/*/.*.tmp")
                if psutil.pid_exists(int(path.name.split(".")[-4]))
            }
            if not halves:
                return []
            time.sleep(0.2)
        return sorted(halves)

    def close(self) -> None:
        self.database.close()
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)


def _whole(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
