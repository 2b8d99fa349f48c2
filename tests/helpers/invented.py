"""Small invented images in place of the data sets, and memories that hold nothing from other tests."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from weakref import WeakValueDictionary

import pytest
import torch

from pruning.common.memory import Recent
from pruning.training import images as training_images
from pruning.zoo import data as zoo_data


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """States, rankings and predictions of other tests are not there: keys are the same, contents may differ."""
    places = {
        "pruning.study.fold": "_states",
        "pruning.criteria.plan": "_rankings",
        "pruning.measures.tools.predictions": "_memory",
        "pruning.criteria.sensitivity_scan": "_memory",
        "pruning.network.forward": "_exact",
    }
    for module, name in places.items():  # by import_module: names without an attribute of the same name
        monkeypatch.setattr(importlib.import_module(module), name, Recent(8))
    # Shared while somebody trains, and the traceback of a cancelled training holds its images until it is collected.
    monkeypatch.setattr(training_images, "_loaded", WeakValueDictionary())


class Images:
    """600 images of 1x28x28 noise for each split; ``asked`` lists the splits that were loaded."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.made: dict[str, zoo_data.TensorSplit] = {}

    def __call__(self, data: str, split: str) -> zoo_data.TensorSplit:
        self.asked.append(split)
        if split not in self.made:
            generator = torch.Generator().manual_seed(len(split))
            pixels = torch.randint(0, 256, (600, 1, 28, 28), generator=generator, dtype=torch.uint8)
            labels = torch.randint(0, 10, (600,), generator=generator)
            self.made[split] = zoo_data.TensorSplit(pixels, labels, (0.5,), (0.3,))
        return self.made[split]


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> Iterator[Images]:
    invented = Images()
    monkeypatch.setattr(zoo_data, "load", invented)
    yield invented
