"""Arrows point down: who may import whom, how long a file may be, and what must stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

RANKS = {
    # 0: what exists, its bounds and its names; plain numbers. No torch: pages and the command line read it freely.
    "errors": 0, "limits": 0, "keys": 0, "lru": 0, "intervals": 0, "settings": 0,
    "entries": 0, "criteria": 0, "registry": 0, "compatibility": 0, "wrapping": 0, "checks": 0, "recipe": 0, "specs": 0,
    "setting": 0, "options": 0, "links": 0, "commands": 0,  # a setting as a link, a command, lines of Python
    "status_tables": 0,  # how a server stands
    "frames": 0, "sentences": 0, "tables": 0, "claims": 0,  # results as pandas and as words
    "schedules": 0, "recipes": 0,  # the methods of the literature
    "comparisons": 0, "curve_tables": 0,  # curves side by side
    "timings": 0, "structure_tables": 0, "speed_tables": 0,  # what removal buys, and what zeros buy
    "defaults": 0, "strategies": 0, "training_tables": 0, "tickets": 0,  # training again, and what came of it
    "ticket_tables": 0, "findings": 0,  # what papers report of it
    "valleys": 0,  # two children of one start
    "families": 0, "approaches": 0, "tradeoffs": 0, "choosing": 0,  # pruning and its rivals side by side
    "step_words": 0,  # recipes as sentences
    "formats": 0, "quantization_tables": 0,  # fewer bits
    "choices": 0,  # what is chosen for it, as the words of an address
    # 1: models, data and their splits; exact counts and ties; how levels are shared among layers.
    "zoo": 1, "lowest": 1, "ranking": 1, "units": 1, "budget": 1, "chain": 1, "inference": 1,
    # 2: what flows through a recipe, and passes through it.
    "state": 2, "passes": 2, "macs": 2, "peak": 2, "curvature": 2, "flow": 2, "activations": 2, "moments": 2,
    "calibration": 2, "overlap": 2, "replay": 2, "groups": 2,
    # 3: what is made of one state: scores, predictions, bytes, operations.
    "scorers": 3, "granularities": 3, "allocations": 3, "criterion": 3, "predictions": 3, "scan": 3, "encoding": 3,
    "quantization": 3, "stopwatch": 3,
    # 4: one file a step, one a measure.
    "training": 4, "dynamics": 4, "surgery": 4, "steps": 5, "evaluate": 5,
    # 6: what is kept. 7: a study, folded. 8: who does it, and when.
    "store": 6, "fold": 6, "run": 7, "engine": 8,
}  # fmt: skip
"""The rank of each room or module of ``pruning/`` that has one: it imports only equal or lower ranks."""

RANK_0 = {name for name, rank in RANKS.items() if rank == 0}
VIEWS = {
    "charts": RANK_0,  # data frames come in, figures go out
    "report": RANK_0 | {"charts"},  # pictures and bundles of charts
    "cli": RANK_0 | {"engine", "store", "charts", "report"},  # asks and prints, as a page does
    "__main__": {"cli"},
    "pages": RANK_0 | {"engine", "store", "charts", "report"},
    "app": RANK_0 | {"engine", "store", "charts", "report", "pages"},
}
"""What looks at results: beside its own files it imports only what is named."""

EXCEPTIONS = {("cli", "pruning.zoo.fetch")}
"""Downloading a data set is a command of its own, without torch and without the engine."""

LIBRARIES = {
    "charts": {"torch", "sqlalchemy", "streamlit", "distributed"},
    "report": {"torch", "sqlalchemy", "streamlit", "distributed"},
    "cli": {"torch", "sqlalchemy", "streamlit", "distributed"},
    "pages": {"torch", "sqlalchemy", "distributed"},
    "app": {"torch", "sqlalchemy", "distributed"},
} | dict.fromkeys(RANK_0, {"torch", "sqlalchemy", "streamlit", "distributed"})
"""Libraries that a room must not import, not even inside a function. No part of ``pruning/`` imports streamlit."""


def imported(source: str, package: str = "") -> set[str]:
    """Full names of all that a source imports, also inside functions, but not under ``if TYPE_CHECKING``."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.orelse:
                visit(child)
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            found.update(f"{module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(source))
    return found


def files(*places: str) -> Iterator[Path]:
    for place in places:
        path = ROOT / place
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.exists() else []


def room(path: Path) -> str:
    """The room or module that a file belongs to; the package's own file is ``pruning``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return (parts[0] if parts[1] == "__init__" else parts[1]) if parts[0] == "pruning" else parts[0]


def room_of(name: str) -> str:
    """The room of a full name such as ``pruning.store.records.StoredRun``."""
    parts = name.split(".")
    return parts[1] if parts[0] == "pruning" and len(parts) > 1 else parts[0]


def complaint(path: Path, source: str) -> list[str]:
    """What a file imports though it must not."""
    own, names = room(path), imported(source, ".".join(path.relative_to(ROOT).parent.parts))
    ours = {name for name in names if name.split(".")[0] in ("pruning", "pages", "app", "tests")}
    wrong = []
    for name in sorted(ours):
        other = room_of(name)
        if other == own or any(own == who and name.startswith(what) for who, what in EXCEPTIONS):
            continue
        allowed = other in VIEWS[own] if own in VIEWS else RANKS.get(other, 99) <= RANKS.get(own, -1)
        if not allowed:
            wrong.append(f"{own} ({RANKS.get(own, 'view')}) imports {name} ({RANKS.get(other, 'view')})")
    barred = LIBRARIES.get(own, {"streamlit"})
    return wrong + [f"{own} imports {name}" for name in sorted(names - ours) if name.split(".")[0] in barred]


CODE = list(files("pruning", "pages", "app.py"))


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    assert not complaint(path, path.read_text())


def test_every_room_has_a_rank() -> None:
    rooms = {room(path) for path in files("pruning")} - {"pruning"}
    assert rooms - set(RANKS) - set(VIEWS) == set(), "give it a rank, with a reason"
    assert (set(RANKS) | set(VIEWS)) - {"pages", "app"} - rooms == set(), "this room is gone"


@pytest.mark.parametrize(
    ("where", "source", "wrong"),
    [
        (
            "pruning/scorers/x.py",
            "def score():\n    from pruning.store import Store",
            "scorers (3) imports pruning.store.Store",
        ),
        ("pruning/scorers/x.py", "from pruning import run", "scorers (3) imports pruning.run"),
        ("pruning/scorers/x.py", "import pruning.engine.jobs", "scorers (3) imports pruning.engine.jobs"),
        ("pruning/scorers/x.py", "from ..steps import prune", "scorers (3) imports pruning.steps"),
        (
            "pruning/scorers/x.py",
            "try:\n    import streamlit\nexcept OSError: ...",
            "scorers imports streamlit",
        ),
        ("pruning/specs.py", "def f():\n    import torch.nn", "specs imports torch.nn"),
        ("pruning/charts/x.py", "from pruning.store import Store", "charts (view) imports pruning.store.Store"),
        ("pruning/cli/x.py", "from pruning.zoo.data import load", "cli (view) imports pruning.zoo.data.load"),
        (
            "pruning/engine/x.py",
            "from pruning.charts.base import Chart",
            "engine (8) imports pruning.charts.base.Chart",
        ),
        ("pages/x.py", "from pruning.run import run", "pages (view) imports pruning.run.run"),
        ("pages/x.py", "from sqlalchemy import text", "pages imports sqlalchemy.text"),
        ("pruning/new.py", "from pruning.errors import BadValue", "new (view) imports pruning.errors.BadValue"),
    ],
)
def test_what_must_not_be_is_found(where: str, source: str, wrong: str) -> None:
    assert any(said.startswith(wrong) for said in complaint(ROOT / where, source))


@pytest.mark.parametrize(
    ("where", "source"),
    [
        (
            "pruning/scorers/x.py",
            "import typing\nif typing.TYPE_CHECKING:\n    from pruning.run import Row",
        ),
        ("pruning/run.py", "from pruning import registry, steps\nimport torch"),
        ("pruning/cli/x.py", "from pruning.zoo.fetch import fetch\nfrom pruning.engine import Engine"),
        ("pages/x.py", "import streamlit\nfrom pages.ui.show import show\nfrom pruning.report.pictures import render"),
    ],
)
def test_what_may_be_is_not_complained_of(where: str, source: str) -> None:
    assert complaint(ROOT / where, source) == []


def test_registries_need_no_torch() -> None:
    code = """
import sys
from pruning import registry
kinds = ("models", "datasets", "scorers", "granularities", "allocations", "measures")
heavy = ("torch", "torchvision", "numpy", "pandas", "streamlit")
print(all(len(getattr(registry, kind)) for kind in kinds), [name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "True []", done.stderr


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    limit = 220 if path.is_relative_to(ROOT / "pruning") else 170 if path.is_relative_to(ROOT / "pages") else 80
    assert len(path.read_text().splitlines()) <= limit


def test_nothing_is_left_for_later() -> None:
    marks = ("TO" + "DO", "FIX" + "ME")
    documents = [path for pattern in ("*.md", "*.toml", "Makefile") for path in ROOT.glob(pattern)]
    places = [*files("pruning", "pages", "app.py", "assets", "benchmarks", "tests"), *documents]
    assert len(places) > 100
    assert [str(p.relative_to(ROOT)) for p in places if any(mark in p.read_text() for mark in marks)] == []
