"""Multiply-accumulates by layer: with a profile they give the operations left at every level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class MacsTable(Measure):
    """MACs of one image, of the dense network.

    Result: ``layers`` in forward order, named as in a profile; ``macs`` of the products that read each layer's weight;
    ``whole``, the network's, with the products that read no prunable weight (attention's own).
    """

    name = "macs_table"
    label = "MACs by layer"
    summary = "Multiply-accumulates of one image in each layer of the dense network."
    scope = "ranking"

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.network.macs import macs
        from pruning.network.weights import layer_label

        per_layer, whole = macs(state.start.model, state.base.input_shape)
        return {
            "layers": [layer_label(name) for name in state.order],
            "macs": [per_layer[name] for name in state.order],
            "whole": whole,
        }
