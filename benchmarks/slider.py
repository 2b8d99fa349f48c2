"""A slider move: the look-up, and exact masks applied, against ``torch.nn.utils.prune.global_unstructured`` on a copy.

``python benchmarks/slider.py``: medians over alternating rounds, one thread, in one process. What it takes until the
browser has drawn the answer is measured by ``browser.py``.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch.nn.utils import prune

from benchmarks._rounds import medians
from benchmarks._script import script
from benchmarks._table import Figure
from pruning.criteria.counts import ranked
from pruning.criteria.kinds import allocations
from pruning.network.weights import apply_masks, prunable
from pruning.zoo.checkpoints import initial

ITEM = "A slider move"
ROUNDS, LEVEL = 9, 905
LOOK_UP, MASKS = 1000, 20
"""How many times faster they should be; promised for ResNet-18."""


def rows(quick: bool = False) -> Iterator[Figure]:
    """Two figures a model."""
    torch.set_num_threads(1)
    for name, label in (("resnet18", "ResNet-18"), ("resnet_20", "ResNet-20"), ("lenet_5", "LeNet-5")):
        model = initial(name, 0)
        scores = {key: weight.detach().abs() for key, weight in prunable(model).items()}
        ranking, target = ranked(scores, allocations["global"]()), copy.deepcopy(model)

        def usual(model: torch.nn.Module = model, names: tuple[str, ...] = tuple(scores)) -> torch.nn.Module:
            pruned = copy.deepcopy(model)
            parts = [(pruned.get_submodule(key.rpartition(".")[0]), "weight") for key in names]
            prune.global_unstructured(parts, prune.L1Unstructured, amount=LEVEL / 1000)
            return pruned

        works = {
            "look-up": lambda ranking=ranking: ranking.removed[:, LEVEL],
            "masks": lambda ranking=ranking, target=target: apply_masks(target, ranking.masks(LEVEL)),
            "usual": usual,
        }
        found = {key: 1000 * value for key, value in medians(works, 2 if quick else ROUNDS).items()}
        zeros = [
            sum(int((dict(prunable(target))[key] == 0).sum()) for key in scores),
            sum(
                int((module.weight == 0).sum())
                for module in usual().modules()
                if prune.is_pruned(module) and hasattr(module, "weight_mask")
            ),
        ]
        assert zeros[0] == zeros[1], f"we removed {zeros[0]} weights and global_unstructured {zeros[1]}"
        count, promised = f"{sum(score.numel() for score in scores.values()):,} weights", name == "resnet18"
        how = f"{count}, at {LEVEL / 10:g} %, one thread, median of {ROUNDS} alternating rounds"
        peer = ("global_unstructured on a copy", found["usual"])
        yield Figure.faster(
            ITEM,
            f"{label}: look-up of what each layer loses",
            found["look-up"],
            "ms",
            how,
            *peer,
            LOOK_UP if promised else None,
            promised,
        )
        yield Figure.faster(
            ITEM,
            f"{label}: exact masks made and applied",
            found["masks"],
            "ms",
            how,
            *peer,
            MASKS if promised else None,
            promised,
        )


if __name__ == "__main__":
    script(rows, __doc__)
