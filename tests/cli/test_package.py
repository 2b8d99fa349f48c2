"""``import pruning`` is light, and what it offers is the real thing."""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable
from typing import Any

import pytest

import pruning
from pruning.common.errors import BadValue
from pruning.results import table


def test_importing_the_package_loads_nothing_else(python: Callable[..., Any]) -> None:
    heavy = ("torch", "numpy", "pandas", "pydantic", "sqlalchemy")
    code = f"print([m for m in sys.modules if m.split('.')[0] in {heavy} or m.startswith('pruning.')])"
    said = python("-c", f"import pruning, sys; {code}")
    assert said.out.strip() == "['pruning.common', 'pruning.common.old_names']", said.err


def test_a_table_needs_no_torch(python: Callable[..., Any]) -> None:
    code = (
        "import pruning, sys\n"
        "study = pruning.Study(measures=(pruning.MeasureSpec(name='accuracy'),))\n"
        "value = dict(count=4, correct=3, dense_correct=4, lost=1, gained=0)\n"
        "table = pruning.table([dict(value=value, seconds=1.0, origin='stored')], study)\n"
        "print(table.accuracy[0], table.dense_accuracy[0], 'torch' in sys.modules)\n"
    )
    assert python("-c", code).out.strip() == "0.75 1.0 False"


def test_names_are_those_of_the_modules() -> None:
    for name in pruning.__all__:
        thing = getattr(pruning, name)
        home = getattr(thing, "__module__", "pruning.common.registry")
        assert home.startswith("pruning") and getattr(importlib.import_module(home), name, thing) is thing
    assert {name.capitalize() for name in pruning.registries["steps"]} <= set(pruning.__all__)
    for name in ("models", "datasets", "scorers", "granularities", "allocations", "dynamics"):
        assert getattr(pruning, name) is pruning.registries[name]
    assert pruning.table is table.table
    assert set(pruning.__all__) <= set(dir(pruning))
    with pytest.raises(AttributeError, match="no attribute 'Sudy'"):
        _ = pruning.Sudy  # type: ignore[attr-defined]


def test_run_is_the_function_even_after_its_module_was_imported() -> None:
    module = importlib.import_module("pruning.study.run")
    from pruning.study.fold import state_of

    assert isinstance(module, types.ModuleType)
    assert state_of is module.state_of
    study = pruning.Study(measures=(pruning.MeasureSpec(name="profile"),))
    results = pruning.run(study)
    assert results.study is study
    assert [row["value"] for row in results] == [row["value"] for row in module.run(study)]


def test_rows_must_be_those_of_a_study() -> None:
    study = pruning.Study(measures=(pruning.MeasureSpec(name="profile"),))
    with pytest.raises(BadValue, match="second argument"):
        pruning.table([])
    with pytest.raises(BadValue, match="has 1 results, and 0 were given"):
        pruning.table([], study)


def test_a_library_that_is_not_installed_is_named_with_the_way_to_get_it(python: Callable[..., Any]) -> None:
    code = "import sys; sys.modules['pydantic'] = None; from pruning.__main__ import run; sys.exit(run(['prune']))"
    said = python("-c", code)
    assert said.code == 1 and "error: The library 'pydantic' is not installed in this Python" in said.err, said.err
    assert "pip install -r requirements.txt" in said.err and "Traceback" not in said.err
