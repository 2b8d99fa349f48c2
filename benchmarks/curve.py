"""A curve of 20 points against 20 bare evaluations (the limit) and against the usual loop (copy, prune, DataLoader).

``python benchmarks/curve.py [MODEL …]``: medians over three alternating rounds, one thread, in one process.
"""

from __future__ import annotations

import copy
import importlib
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch.nn.utils import prune
from torch.utils.data import DataLoader, TensorDataset

from benchmarks._rounds import alternating
from pruning.lru import Recent
from pruning.passes import BATCH
from pruning.run import run, state_of
from pruning.settings import machine
from pruning.specs import Base, MeasureSpec, Prune, Study
from pruning.state import prunable
from pruning.zoo import data as zoo_data

LEVELS = tuple(range(50, 1000, 50)) + (990,)
COUNT, ROUNDS = 2_000, 3


def forget() -> None:
    """No state, ranking or prediction of an earlier round may answer."""
    places = {"pruning.run": "_states", "pruning.steps.prune": "_rankings", "pruning.predictions": "_memory"}
    for module, name in places.items():
        setattr(importlib.import_module(module), name, Recent(8))


def measured(name: str) -> None:
    """Print the ratios of one model."""
    base = Base(model=name)
    split = zoo_data.load("fashion_mnist", "test")
    images, labels = split.batch(0, COUNT)
    model = state_of(base, ()).model
    measure = MeasureSpec(name="accuracy", options={"count": COUNT})
    study = Study(base=base, recipe=(Prune(),), axes={"0.sparsity": LEVELS}, measures=(measure,))

    def ours() -> None:
        forget()
        state_of(base, ())
        run(study)

    def bare() -> None:
        with torch.inference_mode():
            for _ in range(len(LEVELS) + 1):  # the dense network is evaluated too
                for start in range(0, COUNT, BATCH):
                    model(images[start : start + BATCH]).argmax(1)

    def usual() -> None:
        data = TensorDataset(images, labels)
        for level in LEVELS:
            pruned = copy.deepcopy(model)
            parts = [(pruned.get_submodule(key.rpartition(".")[0]), "weight") for key in prunable(pruned)]
            prune.global_unstructured(parts, prune.L1Unstructured, amount=level / 1000)
            with torch.no_grad():
                for x, _ in DataLoader(data, batch_size=BATCH):
                    pruned(x).argmax(1)

    works = {"ours": ours, "bare": bare, "usual": usual}
    times = alternating(works, ROUNDS)
    median = {key: statistics.median(values) for key, values in times.items()}
    print(f"{name}: {len(LEVELS)} points on {COUNT:,} images, ours {median['ours']:.2f} s")
    print(f"  ours / bare evaluations  {median['ours'] / median['bare']:.2f} (wanted: at most 1.1)")
    print(f"  usual loop / ours        {median['usual'] / median['ours']:.2f} (wanted for LeNet-5: at least 2.5)")


def main() -> None:
    torch.set_num_threads(1)
    print(f"{machine().split(': ', 1)[-1]}, torch {torch.__version__}, one thread")
    for name in sys.argv[1:] or ["lenet_300_100", "lenet_5", "resnet_20"]:
        measured(name)


if __name__ == "__main__":
    main()
