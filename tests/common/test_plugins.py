"""Plug-ins: what files and packages of one's own register works like what the program has; a broken one is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pruning.common.plugins import Plugins

ROOT = Path(__file__).resolve().parents[2]

MINE = '''
"""A model, its data, a task, a scorer and a measure, as a person writes them."""
import torch
from torch import nn

from pruning.criteria.kinds import Scorer, scorers
from pruning.measures.kinds import Measure, measures
from pruning.tasks.classification import Classification
from pruning.tasks.kinds import tasks
from pruning.zoo.data import RowSplit
from pruning.zoo.kinds import Dataset, Model, datasets, models


@tasks.register
class Votes(Classification):
    name, label, unit = "votes", "Votes", "voters"


@datasets.register
class Blobs(Dataset):
    name, label, task, shape, classes = "blobs", "Blobs", "votes", (4,), ("left", "right")

    def load(self, split):
        x = torch.randn(60, 4, generator=torch.Generator().manual_seed(len(split)))
        return RowSplit(x, (x[:, 0] > 0).long())


@models.register
class Line(Model):
    name, label, task, data, input_shape, classes = "line", "Line", "votes", "blobs", (4,), 2
    embedded, held = False, True

    def build(self):
        model = nn.Linear(4, 2)
        with torch.no_grad():
            model.weight.zero_()
            model.weight[1, 0], model.weight[0, 0] = 1.0, -1.0
            model.bias.zero_()
        return model


@scorers.register
class Backwards(Scorer):
    name, label, family, rank = "backwards", "Backwards", "own", 5

    def score(self, scene):
        return {name: -weight.abs() for name, weight in scene.weights.items()}


@measures.register
class Sum(Measure):
    name, label = "weight_sum", "Sum of weights"

    def measure(self, state, desk):
        return {"sum": float(sum(w.abs().sum() for w in state.weights.values()))}
'''
BROKEN = """
from pruning.criteria.kinds import Scorer, scorers

@scorers.register
class Half(Scorer):
    name, label = "half_there", "Half there"

    def score(self, scene):
        return {}

raise RuntimeError("no such luck")
"""
THIEF = """
from pruning.criteria.kinds import Scorer, scorers

@scorers.register
class Wanda(Scorer):
    name, label = "wanda", "Not Wanda"

    def score(self, scene):
        return {}
"""
PACKAGED = """
from pruning.criteria.kinds import Scorer, scorers

@scorers.register
class Packaged(Scorer):
    name, label = "packaged", "Packaged"

    def score(self, scene):
        return {name: weight.abs() for name, weight in scene.weights.items()}
"""
LOOK = """
import json
import pruning
from pruning.common.registry import complaints
from pruning.engine.papers import difference, papers

base = pruning.Base(model="line")
accuracy, total = pruning.MeasureSpec(name="accuracy"), pruning.MeasureSpec(name="weight_sum")
step = pruning.Prune(scorer="backwards", sparsity=250)
study = pruning.Study(base=base, recipe=(step,), measures=(accuracy, total))
rows = pruning.run(study)
alone = {**papers(), "plugins": {}}
print(json.dumps({
    "kinds": {kind: name in pruning.registries[kind] for kind, name in [
        ("models", "line"), ("datasets", "blobs"), ("tasks", "votes"), ("scorers", "backwards"),
        ("measures", "weight_sum"), ("scorers", "packaged")]},
    "half": "half_there" in pruning.scorers, "wanda": pruning.scorers["wanda"].label,
    "complaints": complaints(), "accuracy": rows[0]["value"], "sum": rows[1]["value"]["sum"],
    "keys": [base.state_key(), base.state_key((step,)), rows[1]["measure_key"], pruning.Base().state_key()],
    "difference": difference(papers(), alone), "same": difference(papers(), papers()),
}))
"""


def seen(folder: Path, *files: str, code: str = LOOK, path: str = "") -> dict[str, Any]:
    """What a fresh process with these plug-ins says."""
    given = os.pathsep.join(str(folder / name) for name in files)
    paths = os.pathsep.join(filter(None, [str(ROOT), path]))
    environment = os.environ | {"PRUNING_PLUGINS": given, "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {"mine.py": MINE, "broken.py": BROKEN, "thief.py": THIEF}.items():
        (tmp_path / name).write_text(content)
    site = tmp_path / "site" / "their_scorers"
    site.mkdir(parents=True)
    (site / "__init__.py").write_text(PACKAGED)
    info = site.parent / "their_scorers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-scorers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pruning.plugins]\ntheirs = their_scorers\n")
    return tmp_path


def test_what_they_register_works_and_a_broken_one_is_named(folder: Path) -> None:
    found = seen(folder, "mine.py", "broken.py", "thief.py", "not_there.py", path=str(folder / "site"))
    assert all(found["kinds"].values()), found["kinds"]
    assert not found["half"] and found["wanda"] == "Wanda"
    assert len(found["complaints"]) == 3
    broken, thief, absent = found["complaints"]
    assert broken == "The plug-in broken.py was left out: it fails with RuntimeError, no such luck."
    assert "thief.py was left out" in thief and "'wanda'" in thief and "already taken" in thief
    assert "not_there.py was left out: there is no file" in absent
    value = found["accuracy"]  # the two largest of eight weights go first
    assert value["dense_correct"] == value["count"] == 60 and value["correct"] < 60 and found["sum"] == 0
    assert found["difference"] == "no plug-in mine.py; no plug-in theirs" and found["same"] == ""
    same = seen(folder, "mine.py")
    assert same["keys"] == found["keys"] and same["complaints"] == []
    (folder / "mine.py").write_text(MINE.replace("-weight.abs()", "weight.abs()"))
    changed = seen(folder, "mine.py")
    assert all(a != b for a, b in zip(changed["keys"][:3], same["keys"][:3], strict=True))
    assert changed["keys"][3] == same["keys"][3] and changed["sum"] == 2


def test_names_alone_need_no_torch(folder: Path) -> None:
    code = (
        "import json, sys\nfrom pruning.criteria.kinds import scorers\n"
        "print(json.dumps({'there': 'packaged' in scorers, 'torch': 'torch' in sys.modules}))"
    )
    assert seen(folder, code=code, path=str(folder / "site")) == {"there": True, "torch": False}


@pytest.mark.parametrize(
    ("name", "said"), [("nets.txt", "names Python files"), ("gone.py", "there is no file"), ("x\0y.py", "")]
)
def test_a_wrong_name_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, said: str) -> None:
    if "\0" in name:  # no environment holds it
        monkeypatch.setattr(os, "environ", {"PRUNING_PLUGINS": str(tmp_path / name)})
    else:
        monkeypatch.setenv("PRUNING_PLUGINS", str(tmp_path / name))
    own = Plugins()
    own.load(lambda module: None)
    assert len(own.broken) == 1 and said in own.broken[0] and own.contents() == {}
