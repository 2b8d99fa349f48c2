"""How much of the saved operations arrives as speed: ResNet-18 and ResNet-50 with half of their channels removed.

``python benchmarks/speed.py``: the dense network, ours and torch-pruning's (both remove half of the channels of every
group, lowest L1 norm first) take turns in one run, one thread, batch 1 and 16, images of 224 x 224, random weights
(times do not depend on them), the same memory layout. The figure is the measured speed-up over that promised by MACs.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch import nn

from benchmarks._script import script
from benchmarks._table import Figure
from pruning.compression.removal.remove import remove
from pruning.measures.tools.stopwatch import by_turns, ratios
from pruning.network.macs import macs
from pruning.network.weights import lay_out
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from pruning.zoo.kinds import models

ITEM = "Structured removal"
MODELS, BATCHES = ("resnet18", "resnet50"), (1, 16)
SECONDS = {1: 8.0, 16: 40.0}
"""At each batch size, at least seven rounds."""
AS_GOOD = 0.95
"""Of torch-pruning's figure: what two measurements of one network differ by."""


def ours(base: Base) -> nn.Module:
    """Half of each group's channels removed."""
    step = Prune(granularity="channel", allocation="uniform", sparsity=500)
    return remove(state_of(base, (step,))).model


def theirs(dense: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    """The same by torch-pruning; the layer of the outputs stays."""
    import torch_pruning

    model = copy.deepcopy(dense)
    importance = torch_pruning.importance.GroupMagnitudeImportance(p=1)
    torch_pruning.pruner.BasePruner(
        model, torch.randn(1, *shape), importance=importance, pruning_ratio=0.5, ignored_layers=[model.fc]
    ).step()
    lay_out(model)
    return model


def rows(quick: bool = False) -> Iterator[Figure]:
    """One figure a model and batch size."""
    torch.set_num_threads(1)
    for name in MODELS[:1] if quick else MODELS:
        entry, base = models[name], Base(model=name, mark="init")
        shape, label = entry.input_shape, entry.label
        dense = state_of(base, ()).model
        networks = {"dense": dense, "ours": ours(base), "theirs": theirs(dense, shape)}
        macs = {key: macs(model, shape)[1] for key, model in networks.items()}
        for batch in BATCHES[:1] if quick else BATCHES:
            images = torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0))
            works = {key: partial(model, images) for key, model in networks.items()}
            times = by_turns(works, 0.5 if quick else SECONDS[batch])
            faster = {key: ratios(times["dense"], times[key])["faster"] for key in ("ours", "theirs")}
            fewer = {key: macs["dense"] / macs[key] for key in faster}
            kept = {key: faster[key] / fewer[key] for key in faster}
            how = (
                f"ours {faster['ours']:.2f} times faster with {fewer['ours']:.2f} times fewer MACs, torch-pruning "
                f"{faster['theirs']:.2f} with {fewer['theirs']:.2f}; medians of {len(times['dense'])} rounds, "
                "one thread"
            )
            yield Figure(
                ITEM,
                f"{label}, half the channels, batch {batch}: speed-up over MAC ratio",
                kept["ours"],
                "",
                how,
                "torch-pruning",
                kept["theirs"],
                kept["ours"] / kept["theirs"],
                "ours / that",
                "at least",
                AS_GOOD,
                True,
            )


if __name__ == "__main__":
    script(rows, __doc__)
