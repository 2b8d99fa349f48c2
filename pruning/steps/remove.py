"""Remove: masked channels, heads and blocks go for good; what follows works on the smaller network."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from pruning.entries import Progress, Shelf
from pruning.errors import Incompatible
from pruning.specs import Remove
from pruning.state import State, lay_out, prunable
from pruning.surgery import remove


def apply(step: Remove, state: State, key: str, progress: Progress, shelf: Shelf | None = None) -> State:
    """The state with the small network, which gives the masked one's outputs, and the masks of what stays masked.

    Raises:
        Incompatible: the recipe prunes nothing that can be removed, or its weights are quantized already.
    """
    if state.formats:
        raise Incompatible("Packed codes are not cut: remove units before the weights are quantized.")
    done = remove(state)
    lay_out(done.model)
    here, weights = dict(done.model.named_parameters(remove_duplicate=False)), prunable(done.model)
    left = {name: _cut(mask, done.cuts.kept.get(name, {})) for name, mask in state.masks.items() if name in here}
    return replace(
        state.next(key, done.model),
        order=tuple(name for name in state.order if name in weights),
        masks={name: mask for name, mask in left.items() if not bool(mask.all())},
        plan=None,
        architecture=done.architecture,
    )


def _cut(mask: Tensor, along: dict[int, list[int]]) -> Tensor:
    """The entries of the parameter that are left."""
    for dim, kept in along.items():
        mask = mask.index_select(dim, torch.tensor(kept, device=mask.device))
    return mask
