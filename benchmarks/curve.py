"""A curve of 20 points against 20 bare evaluations (the limit) and against the usual loop (copy, prune, DataLoader
over torchvision's dataset and its transforms).

``python benchmarks/curve.py``: medians over alternating rounds, one thread, in one process. Ours begins with a copy of
the network and its ranking, and evaluates the dense network, too, as the bare evaluations do. The loop has the network
as it is loaded: global_unstructured does not take our memory layout of deep ones (channels last).
"""

from __future__ import annotations

import copy
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch.nn.utils import prune
from torch.utils.data import DataLoader

from benchmarks._rounds import medians
from benchmarks._script import script
from benchmarks._table import Figure
from benchmarks._usual import pictures
from pruning.common.memory import Recent
from pruning.network.inputs import BATCH
from pruning.network.weights import prunable
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.study.run import run
from pruning.study.study import MeasureSpec, Study
from pruning.zoo import data as zoo_data
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import load_model
from pruning.zoo.kinds import models

ITEM = "A curve of 20 points"
LEVELS = tuple(range(50, 1000, 50)) + (990,)
MODELS = {"lenet_300_100": (10_000, 5), "lenet_5": (5_000, 3), "resnet_20": (500, 3)}
"""Test images, and rounds."""
LIMIT, LOOP = 1.1, 2.5
"""Of the bare evaluations' time; times faster than the loop, promised for LeNet-5."""


def forget() -> None:
    """No state, ranking or prediction of an earlier round may answer."""
    places = {
        "pruning.study.fold": "_states",
        "pruning.criteria.plan": "_rankings",
        "pruning.measures.tools.predictions": "_memory",
    }
    for module, name in places.items():
        assert isinstance(getattr(importlib.import_module(module), name), Recent)
        setattr(importlib.import_module(module), name, Recent(8))


def works(name: str, count: int) -> dict[str, Callable[[], object]]:
    """Ours, the bare evaluations, and the usual loop."""
    base = Base(model=name)
    split = zoo_data.load("fashion_mnist", "test")
    images, _ = split.batch(0, count)
    dataset = pictures("test", count)
    model, plain = state_of(base, ()).model, load_model(name).eval()
    measure = MeasureSpec(name="accuracy", options={"count": count})
    study = Study(base=base, recipe=(Prune(),), axes={"0.sparsity": LEVELS}, measures=(measure,))

    def ours() -> list[int]:
        forget()
        return [row["value"]["correct"] for row in run(study)]

    def bare() -> None:
        with torch.inference_mode():
            for _ in range(len(LEVELS) + 1):  # the dense network is evaluated too
                for start in range(0, count, BATCH):
                    model(images[start : start + BATCH]).argmax(1)

    def usual() -> list[int]:
        found = []
        for level in LEVELS:
            pruned, right = copy.deepcopy(plain), 0
            parts = [(pruned.get_submodule(key.rpartition(".")[0]), "weight") for key in prunable(pruned)]
            prune.global_unstructured(parts, prune.L1Unstructured, amount=level / 1000)
            with torch.no_grad():
                for x, y in DataLoader(dataset, batch_size=BATCH):
                    right += int((pruned(x).argmax(1) == y).sum())
            found.append(right)
        return found

    return {"ours": ours, "bare": bare, "usual": usual}


def rows(quick: bool = False) -> Iterator[Figure]:
    """Two figures a model."""
    torch.set_num_threads(1)
    for name, (count, rounds) in MODELS.items():
        count, rounds = (200, 1) if quick else (count, rounds)
        calls, label = works(name, count), models[name].label
        found = medians(calls, rounds)
        how = f"{count:,} test images, one thread, median of {rounds} alternating rounds"
        yield Figure.share(
            ITEM,
            f"{label}: curve beside bare evaluations",
            found["ours"],
            "s",
            how,
            "20 bare forward evaluations and the dense one",
            found["bare"],
            LIMIT,
            True,
        )
        promised = name == "lenet_5"
        yield Figure.faster(
            ITEM,
            f"{label}: curve beside the usual loop",
            found["ours"],
            "s",
            f"{how}; batches of {BATCH}",
            "copy, global_unstructured, torchvision's data",
            found["usual"],
            LOOP if promised else None,
            promised,
        )


if __name__ == "__main__":
    script(rows, __doc__)
