"""The sensitivity scan against the naive one, which passes all images through the whole network each time.

``python benchmarks/sensitivity.py [images]``: one thread, both in one process, alternating; ratios of medians.
"""

from __future__ import annotations

import copy
import statistics
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from pruning import scan
from pruning.allocations.sensitivity import SHARES
from pruning.criterion import Plan
from pruning.entries import quiet
from pruning.lru import Recent
from pruning.passes import BATCH
from pruning.predictions import split_of
from pruning.ranking import counts
from pruning.run import state_of
from pruning.settings import machine
from pruning.specs import Base, Prune

ROUNDS = {"lenet_5": 5, "resnet_20": 1}


def naive(plan: Plan, count: int) -> list[list[int]]:
    """Correct answers, layers by shares, every time through the whole network."""
    model, split = copy.deepcopy(plan.scene.model), split_of(plan.scene, "validation")
    parameters = dict(model.named_parameters(remove_duplicate=False))
    assert plan.ranking is not None
    table = []
    for name, group in plan.layout.groups.items():
        order = plan.ranking.scores[name].flatten().argsort(stable=True)
        line = []
        for removed in counts(torch.tensor(SHARES).numpy(), group.count):
            with scan.pruned(parameters, group, order[: int(removed)]), torch.inference_mode():
                right = 0
                for start in range(0, count, BATCH):
                    x, y = split.batch(start, start + BATCH)
                    right += int((model(x).softmax(1).max(1).indices == y)[: count - start].sum())
            line.append(right)
        table.append(line)
    return table


def timed(work: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def main(count: int) -> None:
    torch.set_num_threads(1)
    print(f"{machine().split(': ', 1)[-1]}, torch {torch.__version__}, {count} images, {len(SHARES)} shares")
    for name, rounds in ROUNDS.items():
        plan = state_of(Base(model=name), (Prune(),)).plan
        assert plan is not None and plan.ranking is not None
        scores, seconds = plan.ranking.scores, []
        for _ in range(rounds):
            scan._memory = Recent(1)
            ours, found = timed(partial(scan.scan, plan.scene, scores, count, SHARES, quiet))
            theirs, table = timed(partial(naive, plan, count))
            assert found["correct"] == table, "the scan does not say what the naive one says"
            seconds.append((ours, theirs))
        ours, theirs = (statistics.median(column) for column in zip(*seconds, strict=True))
        print(
            f"  {name:10s} {len(table):3d} layers  scan {ours:7.2f} s  naive {theirs:7.2f} s  ratio {ours / theirs:.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
