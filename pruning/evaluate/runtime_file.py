"""The network for ONNX Runtime as a file to take home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pruning.entries import Desk, Measure
from pruning.evaluate.runtime import CALIBRATION
from pruning.registry import measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class RuntimeFile(Measure):
    """The ONNX file that the measure ``runtime`` runs: ``path`` in the store, ``bytes``."""

    name = "runtime_file"
    label = "ONNX file"
    summary = "The network as an ONNX file, in float32 or int8."
    stored = False

    precision: Literal["float32", "int8"] = Field("float32", description="Numbers of weights and activations.")
    calibration: int = Field(CALIBRATION, ge=10, le=50_000, description="Training images that calibrate int8.")
    weight_bits: Literal[7, 8] = Field(
        7, description="Bits of an int8 file's weights: with 8, processors without VNNI saturate and lose accuracy."
    )

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.errors import StoreError
        from pruning.surgery.runtime import KIND, SUFFIX, Form, onnx_file

        if desk.save is None:
            raise StoreError("An ONNX file needs a store to be written to.")
        form = Form(self.precision, self.calibration, self.weight_bits)
        data = onnx_file(state, form, desk)
        return {"path": str(desk.save(KIND, form.key(state), data, SUFFIX)), "bytes": len(data)}
