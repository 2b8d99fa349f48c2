"""The house: rooms in one order, arrows that point one way, no circles, files that are read in one sitting."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from benchmarks.trip import stops

ROOT = Path(__file__).resolve().parents[1]

ORDER = (
    "common",  # ground for all: errors, limits, hashing, memory, validation, the registry
    "tasks",  # what a network is for: what a batch is, the loss, what "right" means
    "zoo",  # networks and data by name, and where they come from
    "network",  # looking at a network: weights, passes, units, groups, activations, MACs
    "criteria",  # what goes and how much: scorers, granularities, allocations, ranking, plan
    "state",  # what flows through a recipe
    "compression",  # really smaller: removal, quantization, encoded files
    "training",  # the loop, and what happens to masks while it runs
    "steps",  # one step, one file
    "measures",  # one measure, one file
    "study",  # a study, run and folded; the methods of the literature as recipes
    "store",  # what is kept
    "engine",  # who does it, and when
    "results",  # tables, intervals, sentences, charts, reports
    "cli",  # the command line
)
"""Each room imports only rooms before it, and its own; inside functions and for type checkers, too."""

LIBRARIES = {
    "results": {"torch", "sqlalchemy", "streamlit", "distributed"},
    "cli": {"torch", "sqlalchemy", "streamlit", "distributed"},
    "pages": {"torch", "sqlalchemy", "distributed"},
    "pages/choices": {"torch", "sqlalchemy", "distributed", "streamlit"},
    "app.py": {"torch", "sqlalchemy", "distributed"},
}
"""Libraries that a place must not import, not even inside a function. No part of ``pruning/`` imports streamlit."""

NOT_FOR_RESULTS = ("pruning.engine", "pruning.store")
"""Data frames come in and figures go out: whoever draws a chart needs no server."""
FILE_LINES = {"pruning": 220, "pages": 170, "app.py": 80}


def imported(source: str, package: str = "") -> set[str]:
    """Full names of all that a source imports, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def files(*places: str) -> Iterator[Path]:
    for place in places:
        path = ROOT / place
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.exists() else []


def imports_of(path: Path) -> set[str]:
    return imported(path.read_text(), ".".join(path.relative_to(ROOT).parent.parts))


def room(name: str) -> str:
    """The room of a full name such as ``pruning.store.records.StoredRun``; the front door is ``pruning``."""
    parts = name.split(".")
    return parts[1] if parts[0] == "pruning" and len(parts) > 1 and parts[1] in ORDER else parts[0]


def complaint(place: str, names: Iterable[str]) -> list[str]:
    """What a file imports though it must not. ``place``: its path from the root."""
    parts = Path(place).with_suffix("").parts
    own = room(".".join(parts))
    wrong = []
    for name in sorted(names):
        other, first = room(name), name.split(".")[0]
        if own in ORDER:
            if other in ORDER and ORDER.index(other) > ORDER.index(own):
                wrong.append(f"{own} imports {name}")
            if first in ("pages", "app", "tests", "streamlit") or name == "pruning":
                wrong.append(f"{own} imports {name}")
            if own == "results" and name.startswith(NOT_FOR_RESULTS):
                wrong.append(f"{own} imports {name}")
        if own == "pages" and first == "pages":
            mine, its = parts[1], name.split(".")[1]
            allowed = {"choices"} if mine == "choices" else {mine, "shared", "choices"}
            if its not in allowed:
                wrong.append(f"pages/{mine} imports {name}")
        barred = {"/".join(parts[:2]), own, place} & set(LIBRARIES)
        if any(first in LIBRARIES[one] for one in barred):
            wrong.append(f"{own} imports {name}")
    return sorted(set(wrong))


CODE = list(files("pruning", "pages", "app.py"))


@cache
def graph() -> dict[str, set[str]]:
    """Each file of the program, and the files it imports."""
    modules = {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in CODE}

    def file_of(name: str) -> Path | None:
        return modules.get(name) or modules.get(name.rpartition(".")[0])

    def shown(path: Path) -> str:
        return str(path.relative_to(ROOT))

    arrows: dict[str, set[str]] = {}
    for path in CODE:
        met = {file_of(name) for name in imports_of(path)}
        arrows[shown(path)] = {shown(other) for other in met if other is not None and other != path}
    return arrows


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_to_earlier_rooms(path: Path) -> None:
    assert not complaint(str(path.relative_to(ROOT)), imports_of(path))


def test_no_files_import_each_other_in_a_circle() -> None:
    assert len(graph()) > 300
    try:
        order = list(graphlib.TopologicalSorter(graph()).static_order())
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
    assert order.index("pruning/common/errors.py") < order.index("pruning/state.py") < order.index("app.py")


def test_a_circle_would_be_found() -> None:
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter({"a": {"b"}, "b": {"c"}, "c": {"a"}}).prepare()


def test_the_top_holds_rooms_the_state_and_the_front_door() -> None:
    top = {path.name for path in (ROOT / "pruning").iterdir() if path.name != "__pycache__"}
    assert top - {f"{name}" for name in ORDER} == {"__init__.py", "__main__.py", "state.py"}
    assert len(top - {"__init__.py", "__main__.py"}) <= 15


def test_pages_are_folders_and_each_has_a_page() -> None:
    loose = [path.name for path in (ROOT / "pages").glob("*.py")]
    folders = [path for path in (ROOT / "pages").iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert loose == [] and len(folders) > 10
    assert [path.name for path in folders if not (path / "page.py").exists()] in (
        ["choices", "shared"],
        ["shared", "choices"],
    )


@pytest.mark.parametrize(
    ("place", "name", "wrong"),
    [
        ("pruning/criteria/scorers/x.py", "pruning.store.Store", "criteria imports pruning.store.Store"),
        ("pruning/criteria/scorers/x.py", "pruning", "criteria imports pruning"),
        ("pruning/network/x.py", "pruning.state.State", "network imports pruning.state.State"),
        ("pruning/steps/x.py", "streamlit", "steps imports streamlit"),
        ("pruning/results/charts/x.py", "torch.nn", "results imports torch.nn"),
        ("pruning/results/charts/x.py", "pruning.store.store", "results imports pruning.store.store"),
        ("pruning/cli/x.py", "sqlalchemy.text", "cli imports sqlalchemy.text"),
        (
            "pruning/engine/x.py",
            "pruning.results.charts.base.Chart",
            "engine imports pruning.results.charts.base.Chart",
        ),
        ("pages/curves/x.py", "pages.layers.scan", "pages/curves imports pages.layers.scan"),
        ("pages/choices/x.py", "pages.shared.state", "pages/choices imports pages.shared.state"),
        ("pages/choices/x.py", "streamlit", "pages imports streamlit"),
        ("pages/curves/x.py", "torch", "pages imports torch"),
        ("app.py", "sqlalchemy", "app imports sqlalchemy"),
    ],
)
def test_what_must_not_be_is_found(place: str, name: str, wrong: str) -> None:
    assert wrong in complaint(place, {name})


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("pruning/study/run.py", "pruning.state.State"),
        ("pruning/cli/x.py", "pruning.engine.Engine"),
        ("pages/curves/x.py", "pages.shared.show.show"),
        ("pages/curves/x.py", "pruning.results.report.pictures.render"),
    ],
)
def test_what_may_be_is_not_complained_of(place: str, name: str) -> None:
    assert complaint(place, {name}) == []


def test_relative_and_late_imports_and_those_for_type_checkers_count() -> None:
    source = "if TYPE_CHECKING:\n    from ..steps import prune\ndef f():\n    import torch.nn"
    assert imported(source, "pruning.criteria.scorers") == {"pruning.criteria.steps.prune", "torch.nn"}


def loaded_by(code: str) -> set[str]:
    """What of the heavy modules a fresh process holds after some lines."""
    heavy = ("torch", "torchvision", "sqlalchemy", "streamlit", "distributed", "pruning.engine", "pruning.store")
    tail = f"\nimport sys; print(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + tail], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_names_bounds_and_help_need_no_torch() -> None:
    code = """
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.measures.kinds import measures
from pruning.steps.kinds import steps
from pruning.training.kinds import dynamics
from pruning.zoo.kinds import datasets, models
assert all(map(len, (models, datasets, scorers, granularities, allocations, measures, dynamics, steps)))
import pruning.study.study
"""
    assert loaded_by(code) == set()


@pytest.mark.parametrize(("place", "barred"), [("results", "torch"), ("results", "pruning.store"), ("cli", "torch")])
def test_a_whole_room_is_imported_without_what_it_must_not_need(place: str, barred: str) -> None:
    code = f"""
import importlib, pkgutil
package = importlib.import_module("pruning.{place}")
for info in pkgutil.walk_packages(package.__path__, "pruning.{place}."):
    importlib.import_module(info.name)
"""
    assert barred not in loaded_by(code)


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES[path.relative_to(ROOT).parts[0]]


def test_public_classes_have_names_of_their_own() -> None:
    homes: dict[str, list[str]] = {}
    for path in CODE:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_names_are_imported_from_where_they_are_defined() -> None:
    defined: dict[str, set[str]] = {}
    for path in CODE:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        names = defined.setdefault(module, set())
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
    wrong = []
    for path in CODE:
        for name in imports_of(path):
            module, _, leaf = name.rpartition(".")
            if module in defined and leaf not in defined[module]:
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert wrong == []


def test_nothing_is_left_for_later() -> None:
    marks = ("TO" + "DO", "FIX" + "ME")
    documents = [path for pattern in ("*.md", "*.toml", "Makefile", "docs/*.md") for path in ROOT.glob(pattern)]
    places = [*files("pruning", "pages", "app.py", "assets", "benchmarks", "tests"), *documents]
    assert len(places) > 100
    assert [str(p.relative_to(ROOT)) for p in places if any(mark in p.read_text() for mark in marks)] == []


def test_a_sliders_sparsity_is_named_in_half_as_many_files_as_before_the_rooms() -> None:
    """62 then. Pass a step or a setting on, which say and change their own level, before naming it in one more file."""
    assert len(stops("sparsity")) <= 31
