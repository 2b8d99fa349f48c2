"""Remove: masked channels, heads and blocks go for good; what follows works on the smaller network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pruning.common.errors import Incompatible
from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.spec import Step
from pruning.steps.kinds import steps

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.state import State


@steps.register
class Remove(Step):
    """Take masked channels, heads and blocks out for good: smaller dense shapes, the same outputs."""

    name = "remove"
    label = "Remove"
    rank = 60

    kind: Literal["remove"] = "remove"

    def apply(self, state: State, key: str, progress: Progress = quiet, shelf: Shelf | None = None) -> State:
        """The state with the small network, which gives the masked one's outputs, and the masks of what stays masked.

        Raises:
            Incompatible: the recipe prunes nothing that can be removed, or its weights are quantized already.
        """
        from dataclasses import replace

        from pruning.compression.removal.remove import remove
        from pruning.network.weights import lay_out, prunable

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

    def words(self) -> str:
        return "Take what is masked out for good: smaller dense shapes, the same outputs."


def _cut(mask: Tensor, along: dict[int, list[int]]) -> Tensor:
    """The entries of the parameter that are left."""
    import torch

    for dim, kept in along.items():
        mask = mask.index_select(dim, torch.tensor(kept, device=mask.device))
    return mask
