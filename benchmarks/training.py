"""What one training step costs, alone and together, against the usual loops on the same images.

``python benchmarks/training.py``: one thread, alternating rounds, medians; seconds per network and epoch of
12,000 images in batches of 60, without looks at validation. The *DataLoader loop* reads one image after another through
torchvision's FashionMNIST and its usual transforms; the *tensor loop* indexes a tensor and has torch's default Adam;
both hold masks by multiplication. Ours computes as the page Lottery ticket does by default. All run in a process that
keeps freed memory, as workers do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from benchmarks._rounds import medians
from benchmarks._script import script
from benchmarks._table import Figure
from benchmarks._usual import pictures
from pages.choices.training import Ticket
from pruning.common.progress import quiet
from pruning.engine import heap
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.fold import state_of
from pruning.training.trainings import together
from pruning.zoo import data as zoo_data
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import initial
from pruning.zoo.kinds import models

ITEM = "Replicates"
ROUNDS, STEPS, EPOCH, BATCH, REPLICATES = 3, 200, 12_000, 60, 12
WANTED = {"lenet_300_100": (4.0, 2.0), "lenet_5": (None, 1.5)}
"""Times faster than the DataLoader loop and the tensor loop."""


def usual(model: nn.Module, masks: dict[str, Tensor], batches: object, count: int) -> None:
    """The loop of most scripts."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1.2e-3)
    weights = dict(model.named_parameters())
    for number, (images, labels) in enumerate(batches):  # ty: ignore[invalid-argument-type]
        if number == count:
            return
        optimiser.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimiser.step()
        with torch.no_grad():
            for name, mask in masks.items():
                weights[name].mul_(mask)


def taken(name: str, count: int, rounds: int) -> dict[str, float]:
    """Seconds per network and epoch of each way."""
    base = Base(model=name, mark="init")
    start: State = state_of(base, ()).after(Prune(scorer="random"), "start", quiet)
    masks = {key: mask.float() for key, mask in start.masks.items()}
    train = Train(
        steps=count,
        batch=BATCH,
        samples=EPOCH,
        optimiser="adam",
        lr=1.2e-3,
        schedule="constant",
        warmup=0,
        weight_decay=0,
        validation=0,
        looks=1,
        convolution=Ticket.of(name).convolution,
    )
    dataset = pictures("train", EPOCH)
    images, labels = zoo_data.load(str(base.data_name), "train").batch(0, EPOCH)

    def tensors() -> object:
        order = torch.randperm(EPOCH)
        return ((images[part], labels[part]) for part in order.split(BATCH))

    def ours(replicates: int) -> None:
        works = [(train.model_copy(update={"seed": seed}), start, str(seed)) for seed in range(replicates)]
        together(works, [quiet] * replicates)

    found = medians(
        {
            "DataLoader loop": lambda: usual(initial(name, 0), masks, DataLoader(dataset, BATCH, shuffle=True), count),
            "tensor loop": lambda: usual(initial(name, 0), masks, tensors(), count),
            "alone": lambda: ours(1),
            "together": lambda: ours(REPLICATES),
        },
        rounds,
    )
    epoch = EPOCH / BATCH / count
    return {way: median * epoch / (REPLICATES if way == "together" else 1) for way, median in found.items()}


def rows(quick: bool = False) -> Iterator[Figure]:
    """Alone and together, against both loops."""
    torch.set_num_threads(1)
    heap.keep()
    count, rounds = (5, 1) if quick else (STEPS, ROUNDS)
    how = (
        f"seconds per network and epoch of {EPOCH:,} images, from {count} steps of {BATCH}, one thread, "
        f"median of {rounds} alternating rounds"
    )
    for name, wanted in WANTED.items():
        found, label = taken(name, count, rounds), models[name].label
        own = f"{how}; convolutions as {Ticket.of(name).convolution}" if models[name].products else how
        for loop, least in zip(("DataLoader loop", "tensor loop"), wanted, strict=True):
            yield Figure.faster(ITEM, f"{label}: one network", found["alone"], "s", own, loop, found[loop])
            yield Figure.faster(
                ITEM,
                f"{label}: {REPLICATES} networks together",
                found["together"],
                "s",
                own,
                loop,
                found[loop],
                least,
                least is not None,
            )


if __name__ == "__main__":
    script(rows, __doc__)
