"""Rewind: the weights that are left go back to an earlier value; masks stay."""

from __future__ import annotations

import torch

from pruning.entries import Progress, Shelf
from pruning.errors import Incompatible
from pruning.specs import Remove, Rewind, Student
from pruning.state import State, apply_masks
from pruning.zoo.checkpoints import initial, load_model


def apply(step: Rewind, state: State, key: str, progress: Progress, shelf: Shelf | None = None) -> State:
    """The state with all parameters and buffers as they were at the mark, bit for bit at the survivors.

    Frankle & Carbin 2019 (init), Frankle et al. 2020 (early). With ``redraw``: other initial weights.

    Raises:
        Missing: the model has no such weights here.
        Incompatible: the network has other shapes by now.
    """
    if any(isinstance(before, Remove | Student) for before in state.recipe):
        raise Incompatible("Earlier weights have other shapes than this network: rewind before units are removed.")
    base, after = state.base, state.next(key)
    after.diverged = None  # all weights are replaced
    earlier = load_model(base.model, base.seed, step.mark) if step.redraw is None else initial(base.model, step.redraw)
    with torch.no_grad():
        after.model.load_state_dict(earlier.state_dict())
    apply_masks(after.model, after.masks)
    return after
