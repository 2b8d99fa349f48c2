"""The pruned network as a file to take home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.entries import Desk, Measure
from pruning.registry import measures

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

        from pruning.encoding import plain
        from pruning.errors import StoreError

        if desk.save is None:
            raise StoreError("A checkpoint needs a store to be written to.")
        header = {
            "model": state.base.model,
            "state_key": state.key,
            "base": state.base.model_dump_json(),
            "recipe": json.dumps([step.model_dump(mode="json") for step in state.recipe]),
        }
        data = plain(state.model, header)
        return {"path": str(desk.save("checkpoint", state.key, data, ".safetensors")), "bytes": len(data)}
