"""Shuffle: the masks of each layer at random places; the same layer densities."""

from __future__ import annotations

import torch

from pruning.entries import Progress, Shelf
from pruning.specs import Shuffle
from pruning.state import State, apply_masks


def apply(step: Shuffle, state: State, key: str, progress: Progress, shelf: Shelf | None = None) -> State:
    """The state with each prunable weight's mask permuted. Weights that were zero stay zero: rewind afterwards."""
    after = state.next(key)
    generator = torch.Generator().manual_seed(step.seed)
    for name in after.order:
        if name in after.masks:
            mask = after.masks[name]
            order = torch.randperm(mask.numel(), generator=generator).to(mask.device)
            after.masks[name] = mask.flatten()[order].view(mask.shape)
    apply_masks(after.model, after.masks)
    return after
