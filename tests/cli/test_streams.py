"""Standard streams that are closed, full or of few letters end in a sentence and an exit code; the log is written."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pruning.cli import streams
from pruning.cli.compute import progress_bar
from pruning.common.environment import ROOT


def told(command: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a shell gets from the command line, whose store is its own."""
    here = {"PRUNING_STORE": f"sqlite:///{tmp_path}/a.db", "PRUNING_ARTEFACTS": str(tmp_path)}
    program = f"'{sys.executable}' -m pruning"
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command.replace('PRUNING', program)}"],
        cwd=ROOT,
        env=os.environ | here | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("PRUNING models >&-", 1, "error: There is no standard output (it was closed): nothing was done.\n"),
        ("PRUNING models >/dev/full", 1, "error: The output cannot be written: [Errno 28] No space left on device.\n"),
        ("PRUNING models >&- 2>&-", 1, ""),
        ("PRUNING nothing 2>&-", 2, ""),
        ("PRUNING models 2>&- <&- >/dev/null", 0, ""),
    ],
)
def test_streams_that_are_closed_or_full(command: str, code: int, said: str, tmp_path: Path) -> None:
    done = told(command, tmp_path)
    assert (done.returncode, done.stderr) == (code, said)


def test_progress_needs_no_standard_error_and_an_ascii_terminal_gets_letters_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, "stdout", few)
    monkeypatch.setattr(sys, "stderr", None)
    assert streams.prepare()
    with progress_bar() as show:
        show(1, 2, "half")
    print("≤ 50 % …", flush=True)
    assert few.buffer.getvalue() == b"? 50 % ?\n"  # type: ignore[attr-defined]


def test_the_log_that_was_asked_for_is_written(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    done = told("PRUNING nothing", tmp_path, PRUNING_LOG=str(log))
    (line,) = map(json.loads, log.read_text().splitlines())
    assert (line["event"], line["exit"], line["arguments"]) == ("command", 2, ["nothing"]) and done.returncode == 2
    lines = told("PRUNING models >/dev/null", tmp_path, PRUNING_LOG="json").stderr.splitlines()
    assert [json.loads(line)["exit"] for line in lines] == [0]
