"""Each solver on LeNet-5 and on ResNet-20's largest layer, beside bare calibration passes for the same layers.

``python benchmarks/solvers.py``: medians over three alternating rounds, one thread, in one process. A bare pass is the
network's own forward pass over the 256 calibration images, once for each layer that is solved.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from benchmarks._rounds import medians
from benchmarks._script import script
from benchmarks._table import Figure
from pruning.common.progress import quiet
from pruning.criteria.kinds import Solver, scorers
from pruning.network.inputs import parts
from pruning.network.scene import Scene
from pruning.network.units import Layout
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from pruning.zoo.kinds import models

ITEM = "Solvers"
MODELS = ("lenet_5", "resnet_20")
LEVEL, ROUNDS, IMAGES = 0.5, 3, 256
SOLVERS = ("wanda", "sparse_gpt", "obc")


def scene_of(name: str) -> Scene:
    """What a solver sees of an embedded model."""
    state = state_of(Base(model=name), ())
    layout = Layout.singles({key: tuple(weight.shape) for key, weight in state.weights.items()})
    return replace(Scene(state.model, state.weights, state.base, 0, quiet), layout=layout)


def bare(scene: Scene, samples: int, passes: int) -> None:
    """So many forward passes over the calibration images."""
    images, _ = scene.sample(samples)
    with torch.inference_mode():
        for _ in range(passes):
            for part in parts(scene.model, images):
                scene.model(images[part])


def rows(quick: bool = False) -> Iterator[Figure]:
    """One figure a solver, on two networks."""
    torch.set_num_threads(1)
    rounds = 1 if quick else ROUNDS
    for model in MODELS[:1] if quick else MODELS:
        scene, label = scene_of(model), models[model].label
        names = list(scene.weights)
        if model != "lenet_5":
            names = [max(names, key=lambda name, weights=scene.weights: weights[name].numel())]
        removed = {name: round(LEVEL * scene.weights[name].numel()) for name in names}
        works: dict[str, Callable[[], object]] = {"bare": partial(bare, scene, IMAGES, len(names))}
        for name in SOLVERS:
            entry = scorers[name]()
            assert isinstance(entry, Solver)
            works[name] = partial(entry.solve, scene, removed)
        found = medians(works, rounds)
        layers = f"{len(names)} layers" if len(names) > 1 else f"its largest layer, {names[0]}"
        how = f"{layers}, {LEVEL:.0%} removed, one thread, median of {rounds} alternating rounds"
        for name in SOLVERS:
            yield Figure.share(
                ITEM,
                f"{label}: {scorers[name].label}",
                found[name],
                "s",
                how,
                f"{len(names)} bare passes of {IMAGES} images",
                found["bare"],
            )


if __name__ == "__main__":
    script(rows, __doc__)
