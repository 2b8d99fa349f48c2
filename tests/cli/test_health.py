"""``python -m pruning health``: exit codes that a container or a load balancer can use."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from pruning.cli import health as health_module
from pruning.cli.main import main


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRUNING_STORE", f"sqlite:///{tmp_path / 'store.db'}")
    monkeypatch.setenv("PRUNING_ARTEFACTS", str(tmp_path / "artefacts"))
    return tmp_path


def report(folder: Path, age: float = 0.0, **changes: Any) -> None:
    """A server's report of so many seconds ago, as if it were this process."""
    content = {
        "server": f"{socket.gethostname()}:{os.getpid()}:x",
        "pid": os.getpid(),
        "at": time.time() - age,
        "workers": [{}, {}],
        "running": 1,
        "queued": 3,
        "memory": 5 * 2**20,
        "problems": [],
    }
    (folder / "artefacts" / "servers").mkdir(parents=True, exist_ok=True)
    (folder / "artefacts" / "servers" / "x.json").write_text(json.dumps(content | changes))


@pytest.fixture
def web() -> Iterator[str]:
    """A web server that answers as Streamlit does."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/_stcore/health" else 404)
            self.end_headers()

        def log_message(self, *_args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_server_that_is_well_is_exit_code_0(store: Path, web: str, capsys: pytest.CaptureFixture[str]) -> None:
    report(store)
    assert main(["health", "--url", web]) == 0
    said = capsys.readouterr().out
    assert f"server {os.getpid()}: 2 workers, 1 running, 3 queued, 5 MiB" in said and "GB disk free" in said


def test_no_server_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health"]) == 1
    assert "error: No server is running on this store." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"problems": ["0 of 2 workers are there."]}, "0 of 2 workers are there."),
        ({"age": 500}, "has said nothing for 5"),
    ],
)
def test_a_server_that_is_unwell_is_exit_code_1(
    store: Path, changes: dict[str, Any], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report(store, **changes)
    assert main(["health", "--json"]) == 1
    said = capsys.readouterr()
    assert sentence in said.err
    assert sentence in " ".join(json.loads(said.out)["problems"])


def test_a_web_server_that_does_not_answer_is_exit_code_1(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report(store)
    assert main(["health", "--url", "http://127.0.0.1:9"]) == 1
    assert "http://127.0.0.1:9/_stcore/health does not answer" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc",
        "http://[::1",
        "http://a:b",
        "http://",
        "localhost:8501",
        "http://a b",
        "h" * 5000,
        "http://" + "a" * 70,
    ],
)
def test_what_is_no_address_is_exit_code_2(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health", "--url", url]) == 2
    said = capsys.readouterr()
    assert f"'{url[:80]}" in said.err and "is no address of a web server" in said.err and len(said.err) < 250


def test_a_full_disk_and_a_damaged_store_are_exit_code_1(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report(store)
    monkeypatch.setattr("pruning.store.footprint.DISK_MB", 10**12)
    assert main(["health"]) == 1
    assert "MB of disk are free" in capsys.readouterr().err
    (store / "store.db").write_bytes(b"no database" * 1000)
    assert main(["health"]) == 1
    assert "is damaged or no database" in capsys.readouterr().err
    assert health_module.SECONDS <= 10  # a container's check must end
