"""What one training step costs, alone and together, against the usual loops on the same images.

``python benchmarks/training.py [steps]``: one thread, alternating rounds, medians; seconds per network and epoch of
12,000 images in batches of 60, without looks at validation. The *DataLoader loop* reads one image after another through
a Dataset with the usual transforms; the *tensor loop* indexes a tensor and has torch's default Adam; both hold masks by
multiplication.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from benchmarks._rounds import alternating
from pruning import steps
from pruning.entries import quiet
from pruning.recipe import Prune, Train
from pruning.run import state_of
from pruning.settings import machine
from pruning.specs import Base
from pruning.state import State
from pruning.steps.train import together
from pruning.zoo import data as zoo_data
from pruning.zoo.checkpoints import initial

ROUNDS, EPOCH, BATCH, REPLICATES = 3, 12_000, 60, 12


class Pictures(Dataset):
    """Images as numbers 0 to 255, normalised when they are asked for."""

    def __init__(self, name: str) -> None:
        self.split = zoo_data.load(name, "train")
        self.images = (torch.rand(EPOCH, 1, 28, 28) * 255).to(torch.uint8)

    def __len__(self) -> int:
        return EPOCH

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        return (self.images[place].float() / 255 - 0.286) / 0.353, int(self.split.labels[place])


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


def report(name: str, count: int) -> None:
    """Print one model's table."""
    base = Base(model=name, mark="init")
    start: State = steps.apply(Prune(scorer="random"), state_of(base, ()), "start", quiet)
    masks = {key: mask.float() for key, mask in start.masks.items()}
    train = Train(steps=count, batch=BATCH, samples=EPOCH, optimiser="adam", lr=1.2e-3, schedule="constant", warmup=0,
                  weight_decay=0, validation=0, looks=1)  # fmt: skip
    pictures = Pictures(str(base.data_name))
    images, labels = zoo_data.load(str(base.data_name), "train").batch(0, EPOCH)

    def tensors() -> object:
        order = torch.randperm(EPOCH)
        return ((images[part], labels[part]) for part in order.split(BATCH))

    def ours(replicates: int) -> None:
        works = [(train.model_copy(update={"seed": seed}), start, str(seed)) for seed in range(replicates)]
        together(works, [quiet] * replicates)

    times = alternating(
        {
            "DataLoader loop": lambda: usual(initial(name, 0), masks, DataLoader(pictures, BATCH, shuffle=True), count),
            "tensor loop": lambda: usual(initial(name, 0), masks, tensors(), count),
            "ours, alone": lambda: ours(1),
            f"ours, {REPLICATES} networks": lambda: ours(REPLICATES),
        },
        ROUNDS,
    )
    print(f"\n{name}, {count} steps of {BATCH}, seconds per network and epoch of {EPOCH:,}")
    each = {
        work: statistics.median(spent) / count * EPOCH / BATCH / (REPLICATES if work.endswith("networks") else 1)
        for work, spent in times.items()
    }
    for work, spent in each.items():
        print(f"  {work:20s} {spent:6.2f}   DataLoader loop / this {each['DataLoader loop'] / spent:5.2f}   "
              f"tensor loop / this {each['tensor loop'] / spent:5.2f}")  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    print(machine())
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for name in ("lenet_300_100", "lenet_5"):
        report(name, count)


if __name__ == "__main__":
    main()
