"""Quantize: the prunable weights on few levels; what is masked stays exactly zero."""

from __future__ import annotations

import torch

from pruning.entries import Progress, Shelf
from pruning.passes import Scene
from pruning.quantization.gptq import gptq
from pruning.quantization.grid import nearest
from pruning.specs import Quantize
from pruning.state import State


def apply(step: Quantize, state: State, key: str, progress: Progress, shelf: Shelf | None = None) -> State:
    """The state whose weights are the levels' values, with the formats that say how they are kept.

    Raises:
        Incompatible: GPTQ cannot see what reaches a layer.
    """
    after = state.next(key)
    if step.rounding == "gptq":
        scene = Scene.of(state, step.seed, progress)
        formats = gptq(scene, step)
    else:
        formats = {name: nearest(weight, step) for name, weight in state.weights.items()}
    parameters = dict(after.model.named_parameters(remove_duplicate=False))
    with torch.no_grad():
        for name, kept in formats.items():
            after.formats[name] = kept.masked(after.masks.get(name))
            parameters[name].copy_(after.formats[name].values())
    return after
