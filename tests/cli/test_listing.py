"""Lists of everything that is registered: complete, pure JSON, fast because free of torch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from pruning.cli.listing import LISTS, entries
from tests.cli.conftest import ROOT


@pytest.mark.parametrize("kind", LISTS)
def test_json_holds_everything_registered(cli: Callable[..., Any], kind: str) -> None:
    said = cli(kind, "--json")
    assert (said.code, said.err) == (0, "")
    assert [entry["name"] for entry in json.loads(said.out)] == LISTS[kind][0].names()


@pytest.mark.parametrize("kind", LISTS)
def test_text_has_one_aligned_line_for_each(cli: Callable[..., Any], kind: str) -> None:
    lines = cli(kind).out.split("\n\n")[0].strip().splitlines()
    known = LISTS[kind][0]
    column = lines[0].index("label")
    assert [line.split()[0] for line in lines[1:]] == known.names()
    assert all(line[column:].startswith(known[name].label) for line, name in zip(lines[1:], known, strict=True))


def test_options_carry_type_default_bounds_and_help(cli: Callable[..., Any]) -> None:
    (entry,) = (e for e in json.loads(cli("scorers", "--json").out) if e["name"] == "gradient_x_weight")
    (samples,) = entry["options"]
    assert {k: samples[k] for k in ("name", "type", "default", "minimum", "maximum")} == {
        "name": "samples",
        "type": "integer",
        "default": 1000,
        "minimum": 10,
        "maximum": 50_000,
    }
    assert samples["help"].startswith("Training images")


def test_lists_and_help_load_nothing_heavy(python: Callable[..., Any]) -> None:
    code = """
import contextlib, io, sys
from pruning.cli.main import main
with contextlib.redirect_stdout(io.StringIO()):
    codes = [main([kind]) for kind in ("models", "scorers", "granularities", "allocations", "datasets")]
print(codes, [m for m in ("torch", "pandas", "numpy", "sqlalchemy", "distributed", "streamlit") if m in sys.modules])
"""
    said = python("-c", code)
    assert said.out.strip() == "[0, 0, 0, 0, 0] []", said.err


def test_data_that_is_embedded_or_unknown(cli: Callable[..., Any]) -> None:
    said = cli("data", "fashion_mnist")
    assert (said.code, "nothing to download" in said.sentence()) == (2, True)
    said = cli("data", "cifar_10")
    assert (said.code, "Did you mean 'cifar10'?" in said.sentence()) == (2, True)


def test_data_says_where_it_lies(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    import pruning.zoo.fetch as module

    monkeypatch.setattr(module, "fetch", lambda name, progress: progress(1, 2, name) or tmp_path)
    assert json.loads(cli("data", "mnist", "--json").out) == {"name": "mnist", "folder": str(tmp_path)}
    assert cli("data", "mnist").out.strip() == f"mnist lies in {tmp_path}"


def test_a_reader_that_leaves_early_is_no_error(environment: dict[str, str]) -> None:
    import subprocess
    import sys

    from tests.cli.conftest import ROOT

    command = f"{sys.executable} -m pruning models --json | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "["
    assert done.stderr == ""


def test_a_terminal_of_few_letters_is_no_error(environment: dict[str, str]) -> None:
    for command in ("scorers", "allocations"):
        said = []
        for more in ([], ["--json"]):
            done = subprocess.run(
                [sys.executable, "-m", "pruning", command, *more],
                env=environment | {"PYTHONIOENCODING": "ascii"},
                cwd=ROOT,
                capture_output=True,
            )
            assert done.returncode == 0, done.stderr
            said.append(done.stdout.decode("ascii"))
        assert json.loads(said[1]) == json.loads(json.dumps(entries(command)))
    assert not "".join(str(entries(kind)) for kind in ("scorers", "allocations")).isascii(), "else this proves nothing"
