"""The command line in this process or in one of its own, with a store that only the test sees."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Said(NamedTuple):
    code: int
    out: str
    err: str

    def sentence(self) -> str:
        """The one line on standard error."""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].endswith("."), self.err
        return lines[0]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    places = {"PRUNING_STORE": f"sqlite:///{tmp_path / 'p.db'}", "PRUNING_ARTEFACTS": str(tmp_path / "artefacts")}
    return os.environ | places | {"PYTHONPATH": str(ROOT), "PRUNING_WORKERS": "1"}


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """``main`` in this process."""
    from pruning.cli.main import main

    def call(*argv: str) -> Said:
        capsys.readouterr()
        code = main(argv)
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture
def python(environment: dict[str, str]) -> Callable[..., Said]:
    """A fresh interpreter."""

    def call(*argv: str) -> Said:
        done = subprocess.run([sys.executable, *argv], env=environment, cwd=ROOT, capture_output=True, text=True)
        return Said(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Studies are run in this process, without an engine; as there, what goes wrong is only a sentence."""
    import pruning
    from pruning.cli import compute
    from pruning.common.errors import PruningError

    def run(study: pruning.Study) -> list[Any]:
        try:
            return pruning.run(study)
        except PruningError as error:
            raise PruningError(str(error)) from None

    monkeypatch.setattr(compute, "compute", run)
