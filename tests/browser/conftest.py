"""A real server on a store of its own, and a real browser."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pages.shared.navigation import listed

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "test-results"
PATIENCE = 120_000
"""Milliseconds that a step may take on a busy machine before a test gives up."""


class Server:
    """``python app.py`` as a person starts it, on a free port, perhaps with more options."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.options = folder, options
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start, and wait until it answers."""
        environment = os.environ | {
            "PRUNING_STORE": f"sqlite:///{self.folder / 'browser.db'}",
            "PRUNING_ARTEFACTS": str(self.folder / "artefacts"),
            "PRUNING_OWN": str(self.folder / "own"),
            "PRUNING_WORKERS": "2",
        }
        command = [sys.executable, "app.py", "--server.headless", "true"]
        command += ["--server.address", "127.0.0.1", "--server.port", str(self.port), *self.options]
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{self.url}_stcore/health", timeout=1):
                    return
            except OSError:
                time.sleep(0.25)
        raise RuntimeError((self.folder / "server.log").read_text())

    def stop(self) -> None:
        """As Ctrl-C on the terminal does, or a service manager."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("browser"))
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium where it is installed, Playwright's own elsewhere."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    found = context.new_page()
    yield found
    context.close()


def go_to(page: Page, title: str) -> None:
    """By the bar above the page, as a person does: the group first, where the page is in another one."""
    group = next(found.group for found in listed() if found.title == title)
    page.get_by_role("link", name=group, exact=True).click()
    page.locator(".st-key-bar_pages").get_by_role("link", name=title).click()
    expect(page.locator(".st-key-bar_shown")).to_have_text(re.compile(f"{re.escape(title)}$"), timeout=PATIENCE)
