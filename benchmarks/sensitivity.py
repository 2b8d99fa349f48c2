"""The sensitivity scan against the naive one, which passes all images through the whole network each time.

``python benchmarks/sensitivity.py``: one thread, both in one process, alternating; ratios of medians. Both must give
the same numbers.
"""

from __future__ import annotations

import copy
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from benchmarks._rounds import seconds
from benchmarks._script import script
from benchmarks._table import Figure
from pruning.common.memory import Recent
from pruning.common.progress import quiet
from pruning.criteria import sensitivity_scan
from pruning.criteria.allocations.sensitivity import SHARES
from pruning.criteria.plan import RemovalPlan
from pruning.criteria.ranking import counts
from pruning.network.inputs import BATCH
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from pruning.zoo.kinds import models
from pruning.zoo.match import split_of

ITEM = "Sensitivity scan"
MODELS = {"lenet_5": (1_000, 5), "resnet_20": (300, 1)}
"""Validation images (the page takes 1,000), and rounds after one of few images that warms up."""


def naive(plan: RemovalPlan, count: int) -> list[list[int]]:
    """Correct answers, layers by shares, every time through the whole network."""
    model, split = copy.deepcopy(plan.scene.model), split_of(plan.scene.base, "validation")
    parameters = dict(model.named_parameters(remove_duplicate=False))
    assert plan.ranking is not None
    table = []
    for name, group in plan.layout.groups.items():
        order = plan.ranking.scores[name].flatten().argsort(stable=True)
        line = []
        for removed in counts(torch.tensor(SHARES).numpy(), group.count):
            with sensitivity_scan.pruned(parameters, group, order[: int(removed)]), torch.inference_mode():
                right = 0
                for start in range(0, count, BATCH):
                    x, y = split.batch(start, start + BATCH)
                    right += int((model(x).softmax(1).max(1).indices == y)[: count - start].sum())
            line.append(right)
        table.append(line)
    return table


def rows(quick: bool = False) -> Iterator[Figure]:
    """One figure a model."""
    torch.set_num_threads(1)
    for name, (count, rounds) in MODELS.items():
        if quick and name != "lenet_5":
            continue
        rounds, count, label = 1 if quick else rounds, 100 if quick else count, models[name].label
        plan = state_of(Base(model=name), (Prune(),)).plan
        assert plan is not None and plan.ranking is not None
        scores, taken, tables = plan.ranking.scores, [], {}

        def ours(plan: RemovalPlan = plan, count: int = count, tables: dict[str, Any] = tables) -> None:
            sensitivity_scan._memory = Recent(1)
            assert plan.ranking is not None
            tables["ours"] = sensitivity_scan.scan(plan.scene, plan.ranking.scores, count, SHARES, quiet)["correct"]

        def theirs(plan: RemovalPlan = plan, count: int = count, tables: dict[str, Any] = tables) -> None:
            tables["naive"] = naive(plan, count)

        ours(count=20)
        for _ in range(rounds):
            taken.append((seconds(ours), seconds(theirs)))
            assert tables["ours"] == tables["naive"], "the scan does not say what the naive one says"
        ours_s, theirs_s = (statistics.median(column) for column in zip(*taken, strict=True))
        how = (
            f"{len(scores)} layers, {len(SHARES)} shares, {count} validation images, one thread, median of {rounds} "
            "alternating rounds"
        )
        yield Figure.share(
            ITEM, f"{label}: every layer alone", ours_s, "s", how, "the whole network each time", theirs_s, 1.0, True
        )


if __name__ == "__main__":
    script(rows, __doc__)
