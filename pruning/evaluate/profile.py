"""The profile: how much each layer gives at every level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.entries import Desk, Measure
from pruning.registry import measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Profile(Measure):
    """Weights removed per layer at all 1,001 levels of the last pruning step.

    Result: ``layers`` in forward order, ``shapes``, ``weights`` per layer, ``parameters`` of the whole network,
    ``batch_norm`` (whether it has running statistics), ``removed`` as one list of 1,001 counts per layer.
    """

    name = "profile"
    label = "Layer profile"
    summary = "Weights removed in each layer at every level of sparsity."
    scope = "ranking"

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.errors import Incompatible
        from pruning.state import has_batch_norm, layer_label

        if state.ranking is None:
            raise Incompatible("A profile needs a pruning step in the recipe.")
        shapes = [list(weight.shape) for weight in state.weights.values()]
        return {
            "layers": [layer_label(name) for name in state.order],
            "shapes": shapes,
            "weights": state.ranking.sizes.tolist(),
            "parameters": sum(p.numel() for p in state.model.parameters()),
            "batch_norm": has_batch_norm(state.model),
            "removed": state.ranking.removed.tolist(),
        }
