"""What criteria of weights and gradients cost, against bare forward and backward passes over the same images.

``python benchmarks/scoring.py [model …]``: medians over alternating rounds, one thread, in one process, on the trained
networks. First-order scores see 1,000 images and second-order scores 200; criteria that see none are compared with
the passes of 1,000. Without names: LeNet-5 and ResNet-20.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch.nn import functional as F

from benchmarks._rounds import seconds
from pruning import registry
from pruning.criteria import Scorer
from pruning.criterion import plan
from pruning.entries import quiet
from pruning.errors import PruningError
from pruning.passes import Scene, forward_order, mode, parts
from pruning.settings import machine
from pruning.specs import Base, Prune
from pruning.state import State
from pruning.zoo.checkpoints import load_model

ROUNDS = 3
FIRST, SECOND = 1000, 200
FAMILIES = ("weights", "gradients", "second order", "data-free")


def works(name: str) -> dict[str, tuple[str, int, Callable[[], object]]]:
    """By name the family, the number of images, and the call: bare passes, and each criterion's plan for all levels."""
    base = Base(model=name)
    model = load_model(name).eval()
    state = State(base, name, model, forward_order(model, registry.models[name].input_shape))
    scene = Scene(model, state.weights, base, 0, quiet)

    def bare(count: int) -> Callable[[], object]:
        images, labels = scene.sample(count)

        def passes() -> None:
            with mode(model, False):
                for part in parts(count):
                    F.cross_entropy(model(images[part]), labels[part]).backward()
            model.zero_grad(set_to_none=True)

        return passes

    found: dict[str, tuple[str, int, Callable[[], object]]] = {
        f"bare passes, {count:,} images": ("", count, bare(count)) for count in (FIRST, SECOND)
    }
    for scorer in registry.scorers:
        entry = registry.scorers[scorer]
        if not issubclass(entry, Scorer) or entry.family not in FAMILIES or entry.gives == "blocks":
            continue
        count = SECOND if entry.family == "second order" else FIRST
        options = {"samples": count} if "samples" in entry.model_fields else {}
        granularity = "channel" if entry.gives == "channels" else "weight"
        step = Prune(scorer=scorer, options=options, granularity=granularity)
        found[scorer] = (entry.family, count, lambda step=step: plan(state, step, quiet))
    return found


def report(name: str) -> None:
    """Print one model's table."""
    calls = works(name)
    times: dict[str, list[float]] = {work: [] for work in calls}
    refused: dict[str, str] = {}
    for number in range(ROUNDS + 1):  # the first warms up, and counts for nothing
        for work, (_, _, call) in calls.items():
            if work in refused:
                continue
            try:
                spent = seconds(call)
            except PruningError as error:
                refused[work] = str(error)
                continue
            if number:
                times[work].append(spent)
    passes = {count: statistics.median(times[f"bare passes, {count:,} images"]) for count in (FIRST, SECOND)}
    print(f"\n{name}")
    for work, (family, count, _) in calls.items():
        if work in refused:
            print(f"  {work:28s} {refused[work]}")
            continue
        median = statistics.median(times[work])
        wanted = " (wanted: at most 1.3)" if family == "gradients" else ""
        print(f"  {work:28s} {median:9.3f} s {median / passes[count]:8.2f} times {count:,} images' passes{wanted}")


def main() -> None:
    torch.set_num_threads(1)
    print(f"{machine().split(': ', 1)[-1]}, torch {torch.__version__}, {ROUNDS} rounds")
    for name in sys.argv[1:] or ["lenet_5", "resnet_20"]:
        report(name)


if __name__ == "__main__":
    main()
