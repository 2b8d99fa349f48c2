"""What ``pruning.wrap`` costs: a curve of three scorers against the same by the library's functions, called by hand.

``python benchmarks/notebook.py``: medians over alternating rounds, one thread. Wrapping itself (copying and hashing the
network and its data) is timed with the curve; by hand scores, masks and answers alone are made, and nothing is kept.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch import Tensor, nn

import pruning
from benchmarks._rounds import medians
from benchmarks._script import script
from benchmarks._table import Figure
from pruning.common import memory
from pruning.criteria.plan import plan
from pruning.network.forward import forward_of
from pruning.network.inputs import BATCH
from pruning.network.weights import apply_masks
from pruning.study.fold import state_of
from pruning.zoo.kinds import datasets, models

ITEM = "A notebook"
SCORERS = ("magnitude_l1", "taylor_sum_abs", "fisher")
LEVELS = tuple(range(0, 1000, 50))
MOST = 1.05
"""Of the time by hand."""


def network() -> nn.Module:
    """A convolutional network such as a student writes."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 128, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(128, 10),
    )


def data(count: int) -> tuple[Tensor, Tensor]:
    """Pictures of noise in ten classes: what is timed does not depend on what they show."""
    draw = torch.Generator().manual_seed(1)
    return torch.randn(count, 3, 32, 32, generator=draw), torch.randint(0, 10, (count,), generator=draw)


def by_hand(base: pruning.Base) -> list[float]:
    """Accuracies of all scorers at all levels."""
    start = state_of(base, ())
    split = datasets[models[base.model].data or ""]().load("test")
    shapes = {name: tuple(p.shape) for name, p in start.model.named_parameters()}
    accuracies = []
    for scorer in SCORERS:
        found = plan(start.scene(), pruning.Prune(scorer=scorer))
        assert found.ranking is not None
        for level in LEVELS:
            twin = copy.deepcopy(start.model)
            apply_masks(twin, found.layout.expanded(found.ranking.masks(level), shapes))
            forward, right = forward_of(twin), 0
            with torch.inference_mode():
                for first in range(0, len(split), BATCH):
                    inputs, labels = split.batch(first, min(first + BATCH, len(split)))
                    right += int((forward(inputs).argmax(1) == labels).sum())
            accuracies.append(right / len(split))
    return accuracies


def rows(quick: bool = False) -> Iterator[Figure]:
    """The time of one curve, both ways."""
    torch.set_num_threads(1)
    model, given = network(), data(600 if quick else 5_000)
    held = pruning.wrap(model, given)
    shares = [level / 1000 for level in LEVELS]

    def wrapped() -> list[float]:
        memory.rest(0)
        table = pruning.wrap(model, given).curve(SCORERS, sparsities=shares).table
        return table["accuracy"].tolist()

    def hand() -> list[float]:
        memory.rest(0)
        return by_hand(held.base)

    assert wrapped() == hand()
    rounds = 1 if quick else 5
    found = medians({"hand": hand, "wrapped": wrapped}, rounds)
    yield Figure.share(
        ITEM,
        f"a curve of {len(SCORERS)} scorers at {len(LEVELS)} levels, wrapping included",
        1000 * found["wrapped"],
        "ms",
        f"one thread, median of {rounds} alternating rounds, {len(given[1]):,} pictures of 32x32",
        "the library's functions by hand",
        1000 * found["hand"],
        MOST,
        True,
    )


if __name__ == "__main__":
    script(rows, __doc__)
