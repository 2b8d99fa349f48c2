"""Ranking ResNet-18's weights against one ``torch.kthvalue``, and masks at a level against ``torch.nn.utils.prune``.

``python benchmarks/ranking.py``: ratios of medians over five alternating rounds, one thread, in one process.
"""

from __future__ import annotations

import copy
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch.nn.utils import prune

from benchmarks._rounds import alternating
from pruning import registry
from pruning.budget import ranked
from pruning.settings import machine
from pruning.state import apply_masks, prunable
from pruning.zoo.checkpoints import initial

ROUNDS = 5
LEVEL = 905


def main() -> None:
    torch.set_num_threads(1)
    model = initial("resnet18", 0)
    scores = {name: weight.detach().abs() for name, weight in prunable(model).items()}
    everything = torch.cat([score.flatten() for score in scores.values()])
    allocation = registry.allocations["global"]()
    ranking = ranked(scores, allocation)
    target = copy.deepcopy(model)

    def usual() -> None:
        pruned = copy.deepcopy(model)
        parts = [(pruned.get_submodule(name.rpartition(".")[0]), "weight") for name in scores]
        prune.global_unstructured(parts, prune.L1Unstructured, amount=LEVEL / 1000)

    works: dict[str, Callable[[], object]] = {
        "kthvalue": lambda: everything.kthvalue(len(everything) // 2),
        "ranking": lambda: ranked(scores, allocation),
        "look-up": lambda: ranking.removed[:, LEVEL],
        "masks applied": lambda: apply_masks(target, ranking.masks(LEVEL)),
        "global_unstructured on a copy": usual,
    }
    times = alternating(works, ROUNDS)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{machine().split(': ', 1)[-1]}, torch {torch.__version__}, {len(everything):,} scores, {ROUNDS} rounds")
    for name, median in medians.items():
        print(f"  {name:32s} {1000 * median:10.2f} ms")
    print(f"ranking / kthvalue                {medians['ranking'] / medians['kthvalue']:.2f} (wanted: at most 0.5)")
    peer = medians["global_unstructured on a copy"]
    print(f"global_unstructured / masks       {peer / medians['masks applied']:.0f} (wanted: at least 20)")
    print(f"global_unstructured / look-up     {peer / medians['look-up']:,.0f} (wanted: at least 1,000)")


if __name__ == "__main__":
    main()
