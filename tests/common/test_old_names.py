"""Import lines of before the move, as people copied them, go on working, and say where the thing is now."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pruning.common.old_names import MOVED

ROOT = Path(__file__).resolve().parents[2]

PAIRS = (
    ("from pruning.activations import norms_of", "from pruning.network.activations import norms_of"),
    ("from pruning.allocations.erk import Erk", "import pruning.criteria.allocations.erk"),
    ("from pruning.approaches import Approach", "from pruning.study.methods.approaches import Approach"),
    ("from pruning.budget import Budget", "from pruning.criteria.budget import Budget"),
    ("from pruning.charts.base import Chart", "import pruning.results.charts.base"),
    ("from pruning.charts.layer_map import layer_map", "import pruning.results.charts.layer_map"),
    ("from pruning.comparisons import unpacked", "from pruning.common.bits import unpacked"),
    ("from pruning.criteria import Scorer", "from pruning.criteria.kinds import Scorer"),
    ("from pruning.criteria import Dynamics", "from pruning.training.kinds import Dynamics"),
    ("from pruning.criterion import weights_removed", "from pruning.criteria.counts import weights_removed"),
    ("from pruning.dynamics.gradual import Gradual", "import pruning.training.dynamics.gradual"),
    ("from pruning.entries import Desk", "from pruning.common.progress import Desk"),
    ("from pruning.entries import Measure", "from pruning.measures.kinds import Measure"),
    ("from pruning.entries import Model", "from pruning.zoo.kinds import Model"),
    ("from pruning.errors import PruningError", "from pruning.common.errors import PruningError"),
    ("from pruning.evaluate.profile import Profile", "import pruning.measures.profile"),
    ("from pruning.fold import state_of", "from pruning.study.fold import state_of"),
    ("from pruning.frames import profile_frame", "from pruning.results.frames import profile_frame"),
    ("from pruning.granularities.n_m import NM", "import pruning.criteria.granularities.n_m"),
    ("from pruning.groups import channel_layout", "from pruning.network.groups.channels import channel_layout"),
    ("from pruning.intervals import wilson", "from pruning.results.intervals import wilson"),
    ("from pruning.passes import Scene", "from pruning.network.scene import Scene"),
    ("from pruning.predictions import split_of", "from pruning.zoo.match import split_of"),
    ("from pruning.ranking import Ranking", "from pruning.criteria.ranking import Ranking"),
    ("from pruning.recipe import Prune", "from pruning import Prune"),
    ("from pruning.recipes import budget", "from pruning.training.options import budget"),
    ("from pruning.registry import Registry", "from pruning.common.registry import Registry"),
    ("from pruning.registry import measures", "from pruning.measures.kinds import measures"),
    ("from pruning.registry import scorers", "from pruning.criteria.kinds import scorers"),
    ("from pruning.run import run", "from pruning.study.run import run"),
    ("from pruning.run import state_of", "from pruning.study.fold import state_of"),
    ("import pruning.scorers.magnitude", "import pruning.criteria.scorers.magnitude"),
    ("from pruning.settings import Settings", "from pruning.common.environment import Settings"),
    ("from pruning.specs import Cell", "from pruning.study.study import Cell"),
    ("from pruning.specs import Study", "from pruning import Study"),
    ("from pruning.specs import Train", "from pruning import Train"),
    ("from pruning.surgery import load_small", "from pruning.compression.removal.files import load_small"),
    ("from pruning.surgery import smaller", "from pruning.compression.removal.remove import smaller"),
    ("from pruning.surgery.files import load_small", "import pruning.compression.removal.files"),
    ("from pruning.tables import table", "from pruning.results.table import table"),
)
"""What people wrote, and what the warning suggests in its place."""

TRY = """
import importlib, json, sys, warnings

told = []
for old, new in json.load(sys.stdin):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = {}
        exec(old, before)
    said = [(str(w.message), w.filename) for w in caught if w.category is DeprecationWarning]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        after = {}
        exec(new, after)
    name = old.split()[-1]
    moved = importlib.import_module(new.split()[1])
    same = before.get(name) is (after[name] if name in after else getattr(moved, name, None))
    if old.startswith("import "):
        same = sys.modules[name] is moved
    told.append({"said": said, "same": same, "spec": moved.__spec__.name == moved.__name__})
print(json.dumps(told))
"""


def fresh(code: str, given: str = "", *options: str) -> subprocess.CompletedProcess[str]:
    """Run some lines in a process of their own, in which no old name was used before."""
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def told() -> list[dict]:
    done = fresh(TRY, json.dumps(PAIRS))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=[old for old, _ in PAIRS])
def test_an_old_line_works_and_names_the_new_one(told: list[dict], old: str, new: str) -> None:
    found = told[PAIRS.index((old, new))]
    assert found["same"] and found["spec"]
    messages = {message for message, _ in found["said"]}
    assert len(messages) == 1 and messages.pop().endswith(f"has moved: write '{new}'.")
    if old.startswith("from ") and new.startswith("from "):
        assert {file for _, file in found["said"]} == {"<string>"}  # the line of whoever imports, not one of ours


def test_every_place_in_the_table_is_a_module() -> None:
    files = [f"pruning/{place.replace('.', '/')}" for places in MOVED.values() for place in places]
    missing = [name for name in files if not ((ROOT / f"{name}.py").exists() or (ROOT / name).is_dir())]
    assert len(MOVED) > 60 and missing == []


def test_nothing_of_ours_uses_an_old_name() -> None:
    names = {f"pruning.{old}" for old in MOVED} - {"pruning.criteria"}
    used = []
    for path in (
        p for place in ("pruning", "pages", "assets", "benchmarks", "tests") for p in ROOT.glob(f"{place}/**/*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and not node.level:
                asked = {node.module or ""}
            elif isinstance(node, ast.Import):
                asked = {alias.name for alias in node.names}
            else:
                continue
            used += [f"{path}: {one}" for one in asked for name in names if one == name or one.startswith(f"{name}.")]
    assert used == []


STUDY = """
study = pruning.Study(
    base=pruning.Base(model="lenet_300_100"),
    recipe=(pruning.Prune(sparsity=800),),
    measures=(pruning.MeasureSpec(name="profile"),),
)
rows = pruning.run(study)
assert sum(row[800] for row in rows[0]["value"]["removed"]) == 212_960
assert len(pruning.table(rows)) == 1
"""


@pytest.mark.parametrize(
    "code",
    [
        "import pruning" + STUDY,
        "import pruning.run" + STUDY,
        "import pruning\nimport pruning.run" + STUDY,
        "import pruning\npruning.run\nfrom pruning.run import run" + STUDY,
        "from pruning.run import run, state_of\nimport pruning" + STUDY,
        "import pruning.study.run\nimport pruning" + STUDY,
    ],
    ids=["new", "module", "function then module", "function then name", "names first", "room first"],
)
def test_running_a_study_is_a_function_whatever_was_imported_before(code: str) -> None:
    done = fresh(code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("from pruning.specs import Nothing", "ImportError: cannot import name 'Nothing' from 'pruning.specs'"),
        ("from pruning.criteria import Nothing", "ImportError: cannot import name 'Nothing' from 'pruning.criteria'"),
        (
            "import pruning.specs\npruning.specs.Nothing",
            "AttributeError: module 'pruning.specs' has no attribute 'Noth",
        ),
        ("import pruning.criteria\npruning.criteria.Nothing", "AttributeError: module 'pruning.criteria' has no attri"),
        ("import pruning.scorers.nothing", "ModuleNotFoundError: No module named 'pruning.scorers.nothing'"),
        ("import pruning.specs.nothing", "ModuleNotFoundError: No module named 'pruning.specs.nothing'"),
        ("import pruning.nothing", "ModuleNotFoundError: No module named 'pruning.nothing'"),
        ("import pruning\npruning.nothing", "AttributeError: module 'pruning' has no attribute 'nothing'"),
    ],
)
def test_a_name_that_never_was_is_told_as_python_tells_it(code: str, error: str) -> None:
    done = fresh(code)
    assert done.returncode == 1 and error in done.stderr.splitlines()[-1]


def test_new_lines_give_no_warning() -> None:
    code = "import pruning\nfrom pruning.criteria.kinds import Scorer\npruning.scorers.names(), pruning.registries"
    assert fresh(code, "", "-W", "error::DeprecationWarning:__main__").stderr == ""


def test_both_names_of_a_file_give_one_class() -> None:
    """A file that ran twice would register two classes under one name."""
    code = "import pruning.scorers.random_\nfrom pruning.criteria.scorers.random_ import Random\n"
    code += "assert pruning.scorers.random_.Random is Random\nfrom pruning.criteria.kinds import scorers\n"
    done = fresh(code + "assert scorers['random'] is Random")
    assert done.returncode == 0, done.stderr
