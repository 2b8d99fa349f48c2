"""The README says what is so: commands are accepted, its Python runs, its scorer is the file, its settings exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pruning.cli import arguments
from pruning.cli.parser import parser
from pruning.common import environment
from tests.cli.conftest import ROOT

README = (ROOT / "README.md").read_text()
COMMANDS = [
    line.split("python -m pruning ", 1)[1] for line in README.splitlines() if ".venv/bin/python -m pruning" in line
]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_accepted(command: str) -> None:
    given = parser().parse_args(shlex.split(command.split(" > ")[0]))
    if given.command == "prune":
        assert arguments.study_of(given).measures[0].name == "accuracy"


def test_there_are_commands_of_each_kind() -> None:
    assert {command.split()[0] for command in COMMANDS} >= {"prune", "run", "scorers", "data"}


def test_the_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = next(block for block in blocks("python") if "pruning.Study" in block)
    faster = code.replace('name="accuracy"', 'name="accuracy", options={"count": 200}')
    exec(compile(faster, "README.md", "exec"), {})
    out = capsys.readouterr().out
    assert "212960" in out  # 80 % of the 266,200 prunable weights
    assert "accuracy" in out and all(len(line) <= 80 for line in out.splitlines())


def test_a_notebook_has_a_curve_of_three_scorers_in_five_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    import plotly.graph_objects as go
    import torch

    shown: list[str] = []
    monkeypatch.setattr(go.Figure, "show", lambda figure: shown.append(figure.layout.title.text))
    code = next(block for block in blocks("python") if "pruning.wrap" in block)
    assert len([line for line in code.splitlines() if line]) == 5
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(200, 8, generator=draw)
    space: dict[str, Any] = {"model": torch.nn.Linear(8, 3), "x": x, "y": torch.arange(200) % 3}
    exec(compile(code, "README.md", "exec"), space)
    assert len(shown) == 1 and space["curve"].table["scorer"].nunique() == 3


def test_the_commands_run(cli: Callable[..., Any], here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order, in an empty folder, on fewer images; not what is downloaded or needs files or a store."""
    monkeypatch.chdir(tmp_path)
    for command in COMMANDS:
        words, _, file = command.partition(" > ")
        if words.startswith(("data ", "add ", "add-data ", "report ")):
            continue  # a report is made of what a store holds: tests/cli/test_report.py
        said = cli(*shlex.split(words), *(["--count", "100"] if words.startswith("prune") else []))
        assert (said.code, said.err) == (0, ""), command
        if file:
            (tmp_path / file).write_text(said.out)
        elif not words.startswith(("scorers", "models")):
            assert "accuracy" in said.out.splitlines()[0][:80] and " % " in said.out.splitlines()[1][:80]


def test_the_scorer_is_the_file() -> None:
    shown = next(block for block in blocks("python") if "@scorers.register" in block)
    assert shown == (ROOT / "pruning/criteria/scorers/random_.py").read_text()


def test_every_setting_is_there_and_no_other() -> None:
    listed = set(re.findall(r"^\| `(PRUNING_\w+)` ", README, flags=re.MULTILINE))
    assert listed == {*environment.NAMES, "PRUNING_DATA", "PRUNING_IMAGE_FOLDER", "PRUNING_PLUGINS", "PRUNING_OWN"}


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"\bmake (\w+)", " ".join(re.findall(r"`[^`]+`", README) + blocks("bash"))))
    assert named >= {"run", "test", "train", "grids"}
    assert named <= targets


def test_files_and_folders_exist() -> None:
    named = re.findall(r"`((?:pruning|assets|tests|pages|\.streamlit)/[\w./]+)`", README)
    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).exists()] == []
