"""Two small tables with a network each, registered while a test runs: one to be classified, one with a number a row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from pruning.zoo import data as zoo_data
from pruning.zoo.data import RowSplit
from pruning.zoo.kinds import Dataset, Model, datasets, models

COLUMNS = 12
ROWS = {"train": 600, "validation": 200, "test": 200}


def _inputs(split: str) -> torch.Tensor:
    generator = torch.Generator().manual_seed(len(split))
    return torch.randn(ROWS[split], COLUMNS, generator=generator)


class Blobs(Dataset):
    name = "rows_of_classes"
    label = "Rows of three classes"
    task = "classification"
    shape = (COLUMNS,)
    classes = ("low", "middle", "high")

    def load(self, split: str) -> RowSplit:
        inputs = _inputs(split)
        score = inputs[:, 0] + inputs[:, 1] * inputs[:, 2]
        return RowSplit(inputs, (score > -0.5).long() + (score > 0.5).long())


class Curve(Dataset):
    name = "rows_of_numbers"
    label = "Rows with a number"
    task = "regression"
    shape = (COLUMNS,)

    def load(self, split: str) -> RowSplit:
        inputs = _inputs(split)
        return RowSplit(inputs, 2 * inputs[:, 0] + inputs[:, 1].sin() + 0.5)


def _dense(outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(COLUMNS, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, outputs)
    )


class Classifier(Model):
    name = "row_classifier"
    label = "Row classifier"
    task = "classification"
    data = "rows_of_classes"
    input_shape = (COLUMNS,)
    classes = 3
    embedded = False

    def build(self) -> nn.Module:
        return _dense(3)


class Regressor(Model):
    name = "row_regressor"
    label = "Row regressor"
    task = "regression"
    data = "rows_of_numbers"
    input_shape = (COLUMNS,)
    classes = 1
    embedded = False

    def build(self) -> nn.Module:
        return _dense(1)


@pytest.fixture(autouse=True)
def tables() -> Iterator[None]:
    """Both tables and both networks, for a while."""
    datasets.load()
    models.load()
    for entry in (Blobs, Curve):
        datasets.register(entry)
    for entry in (Classifier, Regressor):
        models.register(entry)
    yield
    for registry, names in ((datasets, (Blobs.name, Curve.name)), (models, (Classifier.name, Regressor.name))):
        for name in names:
            del registry._entries[name]
    zoo_data._load.cache_clear()
