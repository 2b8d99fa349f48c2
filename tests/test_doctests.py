"""The examples in docstrings do what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLAGS = doctest.NORMALIZE_WHITESPACE
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "pruning").rglob("*.py"))
    if ">>> " in path.read_text()
]
"""Modules with examples; the others are not imported."""


def test_there_are_examples_in_many_rooms() -> None:
    rooms = {name.split(".")[1] for name in MODULES if "." in name}
    assert rooms >= {"common", "criteria", "results", "study", "training", "zoo"} and len(MODULES) > 20


@pytest.mark.parametrize("name", MODULES)
def test_examples_do_what_they_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRUNING_DATA", "/nowhere")  # no example needs data that must be downloaded
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
    tests = [test for test in doctest.DocTestFinder().find(importlib.import_module(name)) if test.examples]
    for test in tests:
        runner.run(test, out=report.append)
    assert tests and runner.failures == 0, "".join(report)
