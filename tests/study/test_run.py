"""A run gives every result once, keeps what is finished, and gives the same numbers in every process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from pruning.common.errors import BadTensor, Cancelled, Incompatible
from pruning.common.progress import Desk
from pruning.measures.kinds import measures as measure_registry
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.recalibrate import Recalibrate
from pruning.study.fold import state_of
from pruning.study.run import Row, run
from pruning.study.study import MeasureSpec, Study
from pruning.zoo import data as zoo_data
from pruning.zoo.base import Base
from tests.helpers.invented import Images

ROOT = Path(__file__).resolve().parents[2]
ACCURACY, PROFILE = MeasureSpec(name="accuracy", options={"count": 120}), MeasureSpec(name="profile")


class Shelf:
    """A store in memory that counts what is put into it."""

    def __init__(self) -> None:
        self.kept: dict[str, SimpleNamespace] = {}
        self.put_keys: list[str] = []
        self.asked = 0

    def get(self, keys: list[str]) -> dict[str, SimpleNamespace]:
        self.asked += 1
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put(self, key: str, value: dict[str, Any], **about: Any) -> None:
        assert {"state_key", "measure", "model", "device", "images", "seconds"} == set(about)
        json.dumps(value, allow_nan=False)
        self.put_keys.append(key)
        self.kept[key] = SimpleNamespace(value=value, seconds=about["seconds"], origin="stored")

    def write(self, kind: str, key: str, data: bytes, suffix: str) -> str:
        return f"{kind}/{key}.{suffix}"

    def read(self, kind: str, key: str, suffix: str) -> bytes | None:
        return None


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of the states on which anything was measured, in order."""
    seen: list[str] = []
    for name in ("accuracy", "profile"):
        entry = measure_registry[name]

        def spy(self: Any, state: State, desk: Desk, real: Any = entry.measure, name: str = name) -> dict[str, Any]:
            seen.append(f"{name} {state.key}")
            return real(self, state, desk)

        monkeypatch.setattr(entry, "measure", spy)
    return seen


def study(*levels: int, measures: tuple[MeasureSpec, ...] = (ACCURACY, PROFILE), **fields: Any) -> Study:
    return Study(axes={"seed": (0, 1), "0.sparsity": levels}, measures=measures, **fields)


def bare(rows: list[Row]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in ("seconds", "origin")} for row in rows]


def test_rows_in_the_order_of_cells_and_measures() -> None:
    asked = study(0, 900)
    rows = run(asked)
    order = [(cell.coordinates, spec.name) for cell in asked.cells() for spec in asked.measures]
    assert [(row["coordinates"], row["measure"]) for row in rows] == order and len(rows) == 8
    for row, cell in zip(rows[::2], asked.cells(), strict=True):
        assert row["state_key"] == cell.state_key and row["measure_key"] == cell.measure_key(ACCURACY)
        value = measure_registry["accuracy"](count=120).measure(state_of(cell.base, cell.recipe), Desk())
        assert row["value"] == value and row["origin"] == "computed" and row["seconds"] >= 0
    assert rows[0]["value"]["correct"] > rows[2]["value"]["correct"] > 0


def test_a_result_that_cells_share_is_computed_once(measured: list[str]) -> None:
    shelf = Shelf()
    rows = run(study(100, 500, 900), shelf)
    assert len([m for m in measured if m.startswith("profile")]) == 2  # one for each seed
    assert len(measured) == len(set(measured)) == len(shelf.put_keys) == len(set(shelf.put_keys)) == 8
    profiles = [row["value"] for row in rows if row["measure"] == "profile"]
    assert profiles[0] == profiles[1] == profiles[2] != profiles[3] and len(rows) == 12
    assert [row["coordinates"]["0.sparsity"] for row in rows if row["measure"] == "profile"] == [100, 500, 900] * 2


def test_the_same_study_again_computes_nothing(measured: list[str]) -> None:
    shelf = Shelf()
    first, count = run(study(100, 900), shelf), len(measured)
    again = run(study(100, 900), shelf)
    assert bare(again) == bare(first) and len(measured) == count
    assert {row["origin"] for row in again} == {"stored"} and shelf.asked == 2


def test_another_study_computes_what_is_missing(measured: list[str]) -> None:
    shelf = Shelf()
    run(study(100, 900), shelf)
    del measured[:], shelf.put_keys[:]
    rows = run(study(900, 950, 100), shelf)
    assert len(shelf.put_keys) == len(measured) == 2  # the accuracy at 950 of two seeds
    new = [row for row in rows if row["origin"] == "computed"]
    assert {(row["measure"], row["coordinates"]["0.sparsity"]) for row in new} == {("accuracy", 950)}


def test_what_is_finished_survives_a_cancel(measured: list[str]) -> None:
    shelf, asked = Shelf(), study(100, 500, 900)

    def stop(done: float, total: float, note: str = "", partial: object = None) -> None:
        if done >= 5 and note == "results":
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run(asked, shelf, stop)
    finished = list(shelf.put_keys)
    assert len(finished) == 4  # five rows, two of which are one profile
    rows = run(asked, shelf)
    assert bare(rows) == bare(run(asked)) and len(shelf.put_keys) == len(set(shelf.put_keys)) == 8
    assert shelf.put_keys[:4] == finished


def test_a_cancel_within_a_measure(measured: list[str]) -> None:
    shelf = Shelf()

    def stop(done: float, total: float, note: str = "", partial: object = None) -> None:
        if 2 < done < 3:  # in the third result: batches of the accuracy at 900
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run(study(100, 900), shelf, stop)
    assert len(shelf.put_keys) == 2


def test_progress_only_rises_and_brings_rows() -> None:
    seen: list[tuple[float, float, Any]] = []
    rows = run(study(100, 900), None, lambda d, t, n="", partial=None: seen.append((d, t, partial)))
    done = [d for d, _, _ in seen]
    assert done == sorted(done) and done[-1] == 8 and {t for _, t, _ in seen} == {8}
    assert [row for _, _, partial in seen if partial for row in partial["rows"]] == rows


def test_progress_of_a_single_result_brings_partial_ones() -> None:
    seen: list[dict[str, Any] | None] = []
    rows = run(Study(measures=(ACCURACY,)), None, lambda d, t, n="", partial=None: seen.append(partial))
    assert [p["count"] for p in seen if p] == [100, 120] and rows[0]["value"] == seen[-1]


def test_a_study_that_cannot_be_computed_keeps_what_came_before() -> None:
    shelf = Shelf()
    asked = Study(recipe=(Prune(sparsity=100), Recalibrate(samples=20)), measures=(PROFILE, ACCURACY))
    with pytest.raises(Incompatible, match="no BatchNorm"):
        run(asked, shelf)
    with pytest.raises(BadTensor.__base__, match="no trained weights of seed 9"):
        run(Study(axes={"seed": (0, 9)}, measures=(ACCURACY,)), shelf)
    assert len(shelf.kept) == 1


def test_looks_that_are_not_worth_keeping_are_not_kept() -> None:
    shelf = Shelf()
    looks = (MeasureSpec(name="layer", options={"layer": "fc2"}), MeasureSpec(name="checkpoint"))
    rows = run(Study(measures=looks), shelf)
    assert rows[1]["value"]["path"].startswith("checkpoint/") and not shelf.kept


def test_states_are_shared_between_cells() -> None:
    one, two = (state_of(Base(model="lenet_5"), (Prune(sparsity=level),)) for level in (100, 900))
    assert one.parent is two.parent and one.plan is two.plan and one.model is not two.model
    assert state_of(Base(model="lenet_5"), (Prune(sparsity=100),)) is one


def fresh() -> str:
    """Rows of a study that draws, scores on images and predicts, as text."""
    gradient = Prune(scorer="gradient_x_weight", options={"samples": 150}, sparsity=900)
    recipe = (Prune(scorer="random", sparsity=300), gradient)
    asked = Study(base=Base(model="lenet_5"), recipe=recipe, axes={"0.seed": (0, 1)}, measures=(ACCURACY, PROFILE))
    with mock.patch.object(zoo_data, "load", Images()):
        return json.dumps(bare(run(asked)), sort_keys=True)


def test_a_fresh_process_gives_the_same_rows() -> None:
    code = "import torch; torch.set_num_threads(1); from tests.study.test_run import fresh; print(fresh())"
    environment = os.environ | {"PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True)
    here = fresh()
    assert done.stdout.strip() == here and len(json.loads(here)) == 4, done.stderr
