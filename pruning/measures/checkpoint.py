"""The pruned network as a file for download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Checkpoint(Measure):
    """A safetensors file with the masked weights: ``path`` in the store, ``bytes``; the recipe stands in its header."""

    name = "checkpoint"
    label = "Masked model"
    stored = False

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import json

        from pruning.compression.files import plain

        keep = desk.keeper()
        header = {
            "model": state.base.model,
            "state_key": state.key,
            "base": state.base.model_dump_json(),
            "recipe": json.dumps([step.model_dump(mode="json") for step in state.recipe]),
        }
        return keep("checkpoint", state.key, plain(state.model, header), ".safetensors")
