"""A person's data on the command line: added, listed, measured, removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pruning
from pruning.cli.own_data import mixed_up
from pruning.zoo.data import TensorSplit, load
from tests.zoo.own_data.drawing import fill


def test_data_is_added_listed_and_removed(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRUNING_OWN", str(tmp_path / "shelf"))
    assert "No data was added so far" in cli("data").out
    folder = fill(tmp_path / "pets", {"cat": 30, "dog": 20})
    (folder / "dog" / "words.jpg").write_text("no picture")
    said = cli("add-data", "pets", "--folder", str(folder))
    assert said.code == 0 and said.out.startswith("50 pictures in 2 classes, from pets. ")
    assert "1 file was left out: dog/words.jpg: it is no picture of a kind that is read." in said.out
    listed = json.loads(cli("data", "--json").out)
    assert listed["pets"]["left_out"] == 1
    assert "50 pictures in 2 classes, from pets." in cli("data").out
    assert cli("prune", "--model", "lenet_5", "--data", "own:pets", "--sparsity", "50%").sentence() == (
        "error: LeNet-5 has 10 outputs, and pets has 2 classes: both must be equal, or their names the same."
    )
    assert cli("remove-data", "own:pets").code == 0 and "No data was added so far" in cli("data").out
    assert cli("remove-data", "pets").code == 2
    assert "error: There is no file or folder" in cli("add-data", "pets", "--folder", str(tmp_path / "gone")).sentence()


def test_outputs_in_another_order_are_said(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clothes under names that say nothing, so that they are counted in the order of the alphabet: from the last."""
    known = load("fashion_mnist", "test")
    assert isinstance(known, TensorSplit)
    monkeypatch.setenv("PRUNING_OWN", str(tmp_path / "shelf"))
    labels = 9 - known.labels[:600].numpy()
    np.savez(tmp_path / "c.npz", x=known.images[:600, 0].numpy(), y=labels)
    assert cli("add-data", "clothes", "--arrays", str(tmp_path / "c.npz")).code == 0
    monkeypatch.setattr("pruning.cli.compute.compute", pruning.run)
    base = pruning.Base(model="lenet_5", data="own:clothes")
    accuracy = pruning.MeasureSpec(name="accuracy", options={"count": 200})
    rows = pruning.run(pruning.Study(base=base, measures=(accuracy,)))
    (said,) = mixed_up(pruning.Study(base=base, measures=(accuracy,)), rows)
    assert said.startswith("Labels and outputs are in different orders: ") and "'0' is answered by output 9" in said
    theirs = pruning.Base(model="lenet_5")
    study = pruning.Study(base=theirs, measures=(accuracy,))
    assert mixed_up(study, pruning.run(study)) == []  # nobody added it
