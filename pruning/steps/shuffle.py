"""Shuffle: the masks of each layer at random places; the same layer densities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.spec import Step
from pruning.steps.kinds import steps

if TYPE_CHECKING:
    from pruning.state import State


@steps.register
class Shuffle(Step):
    """Permute the masks within each layer: the same layer densities at random places; a control."""

    name = "shuffle"
    label = "Shuffle the masks"
    rank = 40

    kind: Literal["shuffle"] = "shuffle"
    seed: int = Field(0, ge=0, lt=2**31)

    def apply(self, state: State, key: str, progress: Progress = quiet, shelf: Shelf | None = None) -> State:
        """The state with each prunable weight's mask permuted. Weights that were zero stay zero: rewind afterwards."""
        import torch

        from pruning.network.weights import apply_masks

        after = state.next(key)
        generator = torch.Generator().manual_seed(self.seed)
        for name in after.order:
            if name in after.masks:
                mask = after.masks[name]
                order = torch.randperm(mask.numel(), generator=generator).to(mask.device)
                after.masks[name] = mask.flatten()[order].view(mask.shape)
        apply_masks(after.model, after.masks)
        return after

    def words(self) -> str:
        return "Shuffle the mask within each layer."
