"""Each solver on LeNet-5 and on ResNet-20's largest layer, beside bare calibration passes for the same layers.

``python benchmarks/solvers.py``: medians over three alternating rounds, one thread, in one process. A bare pass is the
network's own forward pass over the 256 calibration images, once for each layer that is solved.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from benchmarks._rounds import alternating
from pruning import registry
from pruning.criteria import Solver
from pruning.entries import quiet
from pruning.passes import Scene, parts
from pruning.run import state_of
from pruning.settings import machine
from pruning.specs import Base
from pruning.units import Layout

LEVEL, ROUNDS = 0.5, 3
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
            for part in parts(len(images)):
                scene.model(images[part])


def measured(title: str, scene: Scene, names: list[str]) -> None:
    """Print seconds and ratios for these layers of one network."""
    removed = {name: round(LEVEL * scene.weights[name].numel()) for name in names}
    works: dict[str, Callable[[], object]] = {"bare passes": partial(bare, scene, 256, len(names))}
    for name in SOLVERS:
        entry = registry.scorers[name]()
        assert isinstance(entry, Solver)
        works[name] = partial(entry.solve, scene, removed)
    times = alternating(works, ROUNDS)
    medians = {name: statistics.median(found) for name, found in times.items()}
    print(title)
    for name, median in medians.items():
        spread = f"{min(times[name]):.2f} to {max(times[name]):.2f}"
        print(f"  {name:12s} {median:8.2f} s  ({spread})  {median / medians['bare passes']:7.1f} x bare passes")


def main() -> None:
    """Both networks, one after the other."""
    torch.set_num_threads(1)
    print(f"{machine().split(': ', 1)[-1]}, torch {torch.__version__}, {LEVEL:.0%} removed, {ROUNDS} rounds")
    scene = scene_of("lenet_5")
    measured(f"LeNet-5, {len(scene.weights)} layers", scene, list(scene.weights))
    scene = scene_of("resnet_20")
    largest = max(scene.weights, key=lambda name: scene.weights[name].numel())
    measured(f"ResNet-20, {largest} {tuple(scene.weights[largest].shape)}", scene, [largest])


if __name__ == "__main__":
    main()
