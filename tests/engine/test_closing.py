"""A server that ends while its workers start does not wait for them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pruning.common.environment import Settings
from pruning.engine import cluster
from pruning.engine.engine import Engine


def test_an_engine_that_is_closed_while_workers_start_kills_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A child that would start for ever, in the place of one that takes twenty seconds on a busy machine."""
    begun = []
    start = cluster.subprocess.Popen

    def slow(command: list[str], **how: object) -> object:
        begun.append(start([command[0], "-c", "import sys; sys.stdin.buffer.read()"], **how))  # type: ignore[call-overload]
        return begun[0]

    monkeypatch.setattr(cluster.subprocess, "Popen", slow)
    engine = Engine(Settings(f"sqlite:///{tmp_path}/a.db", tmp_path, workers=1))
    engine.start()
    latest = time.monotonic() + 60
    while not begun and time.monotonic() < latest:
        time.sleep(0.02)
    engine.close()
    assert len(begun) == 1 and begun[0].returncode == -9
    assert engine._runner.thread is not None and not engine._runner.thread.is_alive(), "closed in order, not given up"
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
