"""The quantized network as a packed file for download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class QuantizedFile(Measure):
    """A safetensors file with codes in as many bits as they have: ``path`` in the store, ``bytes``."""

    name = "quantized_file"
    label = "Packed model"
    summary = "Codes in as many bits as they have, scales and zero points, as a safetensors file."
    stored = False

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.compression.quantization.loss import rounding
        from pruning.compression.quantization.packing import quantized

        keep = desk.keeper()
        rounding(state)
        return keep("packed", state.key, quantized(state.model, state.formats), ".safetensors")
