"""What compose.yaml and the Dockerfile start, in their own words, as processes of this machine: without Docker, whose
users, volumes and network this does not try."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pruning.common.environment import ROOT
from tests.helpers import postgres
from tests.test_deploy import SERVICES, filled, instructions

PATIENCE = 240.0
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not shutil.which("openssl"), reason="certificates need openssl")]


class Machine:
    """Runs services: the image's folders lie in a folder of the test, its ports are free ones of this machine."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder, self.processes = folder, list[subprocess.Popen[bytes]]()
        self.log = (folder / "log").open("ab")
        self.scheduler, self.web = _free(), _free()
        self.store = store

    def translated(self, text: str) -> str:
        text = filled(text, {"PRUNING_DATABASE_PASSWORD": "secret"})
        text = re.sub(r"^postgresql://pruning:secret@database/pruning$", lambda _: self.store, text)
        places = {
            "/certificates": self.folder / "certificates",
            "/data": self.folder / "data",
            "/app": ROOT,
            "scheduler": "127.0.0.1",
            "0.0.0.0": "127.0.0.1",
            "8786": self.scheduler,
            "8501": self.web,
        }
        for theirs, ours in places.items():
            text = re.sub(rf"(?<!\w){re.escape(theirs)}\b", lambda _, ours=str(ours): ours, text)
        return text

    def environment(self, service: str) -> dict[str, str]:
        given = {name: self.translated(str(value)) for name, value in SERVICES[service].get("environment", {}).items()}
        image = dict(word.split("=", 1) for word in shlex.split(instructions("ENV")[0]))
        path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        return os.environ | {name: self.translated(value) for name, value in image.items()} | given | path

    def start(self, service: str, *command: str) -> subprocess.Popen[bytes]:
        words = [*map(self.translated, command)] or self.command(service)
        process = subprocess.Popen(
            words, cwd=ROOT, env=self.environment(service), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        self.processes.append(process)
        return process

    def command(self, service: str) -> list[str]:
        """A service's own; the second word of Dask's is no host."""
        first, *words = SERVICES[service]["command"]
        return [first, words[0], *map(self.translated, words[1:])]

    def healthy(self, service: str, *check: str) -> None:
        """Ask as Docker does until it is well."""
        end = time.monotonic() + PATIENCE
        while self.start(service, *check).wait(60):
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.5)

    def close(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        self.log.close()


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    where = postgres.binaries()
    server = postgres.Server(where) if where else None
    found = Machine(tmp_path, server.base() if server else f"sqlite:///{tmp_path / 'store.db'}")
    yield found
    found.close()
    if server:
        server.close()


def test_the_services_find_each_other_and_compute(machine: Machine) -> None:
    assert machine.start("certificates").wait(60) == 0
    scheduler = machine.start("scheduler")
    machine.healthy("scheduler", *SERVICES["scheduler"]["healthcheck"]["test"][1:])
    worker = machine.start("worker")
    machine.start("app", *re.findall(r'"([^"]+)"', instructions("CMD")[-1]), f"--server.port={machine.web}")
    health = instructions("HEALTHCHECK")[0]
    machine.healthy("app", *json.loads(health[health.index("[") :]))

    words = ["-m", "pruning", "prune", "--model", "lenet_300_100", "--sparsity", "80", "--count", "500", "--json"]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=machine.environment("app"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr + (machine.folder / "log").read_text()
    assert '"accuracy"' in done.stdout
    assert {path.name for path in (machine.folder / "certificates").iterdir()} == {"ca.pem", "cert.pem", "key.pem"}

    for process in (scheduler, worker):
        places = listening(process.pid)
        assert places and all(ip in ("127.0.0.1", "::1") or not speaks_http(port) for ip, port in places), places


def listening(pid: int) -> set[tuple[str, int]]:
    """Addresses at which a process and those that it started wait for others."""
    top = psutil.Process(pid)
    sockets = [place for process in (top, *top.children(recursive=True)) for place in process.net_connections("inet")]
    return {(place.laddr.ip, place.laddr.port) for place in sockets if place.status == psutil.CONN_LISTEN}


def speaks_http(port: int) -> bool:
    """Whether somebody without a key gets a page there."""
    with socket.create_connection(("127.0.0.1", port), 10) as caller:
        caller.sendall(b"GET / HTTP/1.0\r\n\r\n")
        caller.settimeout(10)
        try:
            return caller.recv(64).startswith(b"HTTP/")
        except OSError:
            return False
