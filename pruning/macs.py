"""Multiply-accumulates per image, counted by torch's own flop counter. (No measure of its own: a part of size.)"""

from __future__ import annotations

import copy

import torch
from torch.utils.flop_counter import FlopCounterMode

from pruning import registry
from pruning.state import State, prunable


def macs(state: State) -> tuple[dict[str, float], float]:
    """MACs of one image: per prunable weight, and of the whole network (with products that hold no weight).

    Counted on the meta device, where attention takes its written-out path: fused kernels are not counted on a CPU.
    Two images are passed and the count halved, since some networks treat a batch of one apart.
    """
    shape = registry.models[state.base.model].input_shape
    model = copy.deepcopy(state.model).to("meta").eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model(torch.zeros(2, *shape, device="meta"))
    found = counter.get_flop_counts()
    root = type(model).__name__
    per_layer = {
        name: sum(found.get(f"{root}.{name.rpartition('.')[0]}", {}).values()) / 4 for name in prunable(state.model)
    }
    return per_layer, counter.get_total_flops() / 4
