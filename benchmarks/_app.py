"""The app as ``python app.py`` starts it, on a store of its own with two workers; and a browser for it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from pruning.common.environment import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

START_SECONDS = 240.0


class Server:
    """``python app.py`` on a store of its own, two workers.

    Args:
        folder: where its store and its logs are.
        wait: whether to wait until it answers.
    """

    def __init__(self, folder: Path, wait: bool = True) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = folder / "log.jsonl"
        self.store = f"sqlite:///{folder / 'store.db'}"
        environment = os.environ | {
            "PRUNING_STORE": self.store,
            "PRUNING_ARTEFACTS": str(folder / "artefacts"),
            "PRUNING_LOG": str(self.log),
            "PRUNING_WORKERS": "2",
            "PRUNING_SCHEDULER": "",
            "OMP_WAIT_POLICY": "PASSIVE",
            "GOMP_SPINCOUNT": "0",
        }
        command = [
            sys.executable,
            "app.py",
            "--server.port",
            str(self.port),
            "--server.headless",
            "true",
            "--server.address",
            "127.0.0.1",
        ]
        with open(folder / "server.log", "wb") as file:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
        if wait:
            self.wait(self.answers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def wait(self, condition: Callable[[], bool], pause: float = 0.2) -> None:
        """Wait until it is so."""
        end = time.monotonic() + START_SECONDS
        while not condition():
            assert time.monotonic() < end and self.process.poll() is None, "the server or its workers do not start"
            time.sleep(pause)

    def answers(self) -> bool:
        """Whether its web server is there."""
        with suppress(OSError):
            return urllib.request.urlopen(f"{self.url}_stcore/health", timeout=5).status == 200
        return False

    def events(self) -> dict[str, list[str]]:
        """Events of each job, in their order; "answered" is the end of one whose results were all known."""
        jobs: dict[str, list[str]] = {}
        for line in self.log.read_text().splitlines() if self.log.exists() else []:
            with suppress(ValueError):  # its last line may be half there
                event = json.loads(line)
                if "job" in event:
                    known = event["event"] == "done" and not event["computed"]
                    jobs.setdefault(event["job"], []).append("answered" if known else event["event"])
        return jobs

    def connected(self) -> bool:
        """Whether its workers are there."""
        return self.log.exists() and '"event": "connected"' in self.log.read_text()

    def memory(self) -> dict[str, float]:
        """Resident megabytes of the server, and of its workers together (what they share counts in each)."""
        server = psutil.Process(self.process.pid)
        sizes = {"server": server.memory_info().rss / 1e6, "workers": 0.0}
        for child in server.children(recursive=True):
            with suppress(psutil.Error):
                sizes["workers"] += child.memory_info().rss / 1e6
        return sizes

    def cpu(self) -> float:
        """Processor seconds that the server itself has used."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window: the one that BROWSER_PATH names, the system's, or Playwright's own."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("BROWSER_PATH") or shutil.which("chromium") or shutil.which("chromium-browser")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()
