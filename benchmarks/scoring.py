"""What criteria of weights and gradients cost, against bare forward and backward passes over the same images.

``python benchmarks/scoring.py``: medians over alternating rounds, one thread, in one process, on the trained networks.
First-order scores see 1,000 images and second-order scores 200; criteria that see none are compared with the passes of
1,000.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch.nn import functional as F

from benchmarks._rounds import seconds
from benchmarks._script import script
from benchmarks._table import Figure
from pruning.common.errors import PruningError
from pruning.common.progress import quiet
from pruning.criteria.kinds import Scorer, scorers
from pruning.criteria.plan import plan
from pruning.network.inputs import parts
from pruning.network.passes import forward_order, mode
from pruning.network.scene import Scene
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import load_model
from pruning.zoo.kinds import models

ITEM = "Scores"
MODELS = {"lenet_5": 5, "resnet_20": 3}
"""Rounds, after one that warms up."""
MOST = 1.3
"""First-order scores, as a multiple of their bare passes."""
FIRST, SECOND = 1000, 200
FAMILIES = ("weights", "gradients", "second order", "data-free")


def works(name: str) -> dict[str, tuple[str, int, Callable[[], object]]]:
    """By name the family, the number of images, and the call: bare passes, and each criterion's plan for all levels."""
    base = Base(model=name)
    model = load_model(name).eval()
    state = State(base, name, model, forward_order(model, models[name].input_shape))
    scene = Scene(model, state.weights, base, 0, quiet)

    def bare(count: int) -> Callable[[], object]:
        images, labels = scene.sample(count)

        def passes() -> None:
            with mode(model, False):
                for part in parts(model, images):
                    F.cross_entropy(model(images[part]), labels[part]).backward()
            model.zero_grad(set_to_none=True)

        return passes

    found: dict[str, tuple[str, int, Callable[[], object]]] = {
        f"bare passes, {count:,} images": ("", count, bare(count)) for count in (FIRST, SECOND)
    }
    for scorer in scorers:
        entry = scorers[scorer]
        if not issubclass(entry, Scorer) or entry.family not in FAMILIES or entry.gives == "blocks":
            continue
        count = SECOND if entry.family == "second order" else FIRST
        options = {"samples": count} if "samples" in entry.model_fields else {}
        granularity = "channel" if entry.gives == "channels" else "weight"
        step = Prune(scorer=scorer, options=options, granularity=granularity)
        found[scorer] = (entry.family, count, lambda step=step: plan(state.scene(quiet), step))
    return found


def taken(calls: dict[str, tuple[str, int, Callable[[], object]]], rounds: int) -> dict[str, float]:
    """Median seconds of each call; those that this network refuses are left out."""
    times: dict[str, list[float]] = {}
    refused: set[str] = set()
    for number in range(rounds + 1):  # the first warms up, and counts for nothing
        for work, (_, _, call) in calls.items():
            if work in refused:
                continue
            try:
                spent = seconds(call)
            except PruningError:
                refused.add(work)
                continue
            if number:
                times.setdefault(work, []).append(spent)
    return {work: statistics.median(spent) for work, spent in times.items()}


def rows(quick: bool = False) -> Iterator[Figure]:
    """One figure a criterion, and the dearest of the first-order ones."""
    torch.set_num_threads(1)
    for name, rounds in MODELS.items():
        if quick and name != "lenet_5":
            continue
        rounds = 1 if quick else rounds
        calls, label = works(name), models[name].label
        found, dearest = taken(calls, rounds), None
        for work, median in found.items():
            family, count, _ = calls[work]
            if not family:
                continue
            peer = f"bare passes, {count:,} images"
            first = family == "gradients"
            how = f"{family}; one thread, median of {rounds} alternating rounds"
            figure = Figure.share(
                ITEM, f"{label}: {scorers[work].label}", median, "s", how, peer, found[peer], MOST if first else None
            )
            yield figure
            if first and (dearest is None or figure.ratio > dearest.ratio):
                dearest = figure
        assert dearest is not None
        yield replace(
            dearest,
            name=f"{label}: dearest first-order score",
            short=True,
            how=f"{dearest.name.partition(': ')[2]}; {dearest.how}",
        )


if __name__ == "__main__":
    script(rows, __doc__)
