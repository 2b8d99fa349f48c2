"""Removed against masked, in float64, over torchvision's families: what goes, what is left alone, and why.

``python benchmarks/removal.py [model ...]``: random weights, biases and norm statistics; of every group the same share
of its units, drawn by chance, is masked and then removed. Levels: 10, 50 and 90 % of the channels, then of the heads
and of the blocks where a network has such. About half an hour and 8 GB of memory for all.
"""

from __future__ import annotations

import copy
import gc
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch import Tensor, nn

from pruning.common.environment import machine
from pruning.compression.removal.cuts import LAYOUTS
from pruning.compression.removal.remove import remove
from pruning.network.macs import macs
from pruning.network.passes import forward_order
from pruning.network.units import Layout
from pruning.network.weights import apply_masks
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import initial
from pruning.zoo.kinds import models

FAMILIES = (
    "resnet50",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_b0",
    "densenet121",
    "vgg16",
    "vgg16_bn",
    "convnext_tiny",
    "vit_b_16",
    "swin_t",
)
SIDE = 64
WHOLE = ("vit_b_16", "vit_b_32", "maxvit_t")
"""They take images of one size only."""
SHARES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Line:
    """One removal: shares of the dense network's numbers, the difference, and what stays.

    Attributes:
        groups: groups of units, and those of them that keep a masked unit.
        parameters, macs: of the small network over the dense one's.
        difference: largest difference to the masked network's outputs, relative to the largest output.
        left: layers that give no units of their own: reason, how many.
    """

    model: str
    kind: str
    share: float
    groups: tuple[int, int]
    parameters: float
    macs: float
    difference: float
    left: dict[str, int]


def lively(name: str) -> nn.Module:
    """The network in float64, with biases, affine weights and statistics of norms unlike those of a new network."""
    model, generator = initial(name, 0), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for key, p in [*model.named_parameters(), *model.named_buffers()]:
            # Vectors, and what begins as one number: ConvNeXt's layer scales, a transformer's head of zeros.
            if p.is_floating_point() and (p.ndim == 1 or bool((p == p.flatten()[0]).all())):
                low, high = (0.5, 1.5) if key.endswith(("weight", "var", "scale")) else (-0.5, 0.5)
                p.uniform_(low, high, generator=generator)
    return model.double().eval()


def kept(layout: Layout, share: float) -> dict[str, Tensor]:
    """Of every group about this share of the units goes, by chance: at least one, and never all."""
    generator, keep = torch.Generator().manual_seed(1), {}
    for name, group in layout.groups.items():
        keep[name] = torch.ones(group.shape, dtype=torch.bool)
        gone = min(max(round(share * group.count), 1), group.count - 1)
        keep[name][torch.randperm(group.count, generator=generator)[:gone]] = False
    return keep


def lines(name: str) -> Iterator[Line]:
    """All removals of one network."""
    if name not in WHOLE:
        models[name].input_shape = (3, SIDE, SIDE)
    shape = models[name].input_shape
    model = lively(name)
    order = forward_order(model, shape)
    shapes = {key: tuple(p.shape) for key, p in model.named_parameters(remove_duplicate=False)}
    dense, operations = sum(p.numel() for p in model.parameters()), macs(model, shape)[1]
    for kind, find in LAYOUTS.items():
        layout = find(model, order, shape)
        for share in SHARES if layout.groups else ():
            masks = layout.expanded(kept(layout, share), shapes)
            twin = copy.deepcopy(model)
            apply_masks(twin, masks)
            state = State(Base(model=name, mark="init"), "key", twin, order, masks, step=Prune(granularity=kind))
            done = remove(state)
            small = done.model
            reasons = Counter(why.partition(" (")[0] for why in done.left.values())
            yield Line(
                name,
                kind,
                share,
                (len(layout.groups), len(layout.groups) - len(done.units.groups)),
                sum(p.numel() for p in small.parameters()) / dense,
                macs(small, shape)[1] / operations,
                done.difference,
                dict(reasons),
            )
            del twin, state, done, small
            gc.collect()


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    print(f"{machine().split(': ', 1)[-1]}, torch {torch.__version__}, float64, two random images")
    print(f"{'model':20s} {'units':12s} {'gone':>5s} {'groups':>7s} {'held':>5s} {'params':>7s} {'MACs':>7s} differs")
    for name in names:
        for line in lines(name):
            print(
                f"{name:20s} {line.kind:12s} {line.share:5.0%} {line.groups[0]:7d} {line.groups[1]:5d}"
                f" {line.parameters:7.1%} {line.macs:7.1%} {line.difference:.1e}",
                flush=True,
            )
            if line.share == SHARES[-1]:
                for why, count in line.left.items():
                    print(f"{'':20s}   {count:3d} layers left alone: {why}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or list(FAMILIES))
