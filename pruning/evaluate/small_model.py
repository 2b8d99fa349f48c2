"""The network without its masked units as a file to take home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pruning.entries import Desk, Measure
from pruning.registry import measures

if TYPE_CHECKING:
    from pruning.state import State

SUFFIX = {"safetensors": ".safetensors", "description": ".json", "onnx": ".onnx", "program": ".pt2"}


@measures.register
class SmallModel(Measure):
    """The small network as a file in one of several forms: ``path`` in the store, ``bytes``."""

    name = "small_model"
    label = "Small model"
    summary = "The network with the masked units removed, as a file."
    stored = False

    form: Literal["safetensors", "description", "onnx", "program"] = Field(
        "safetensors", description="Weights, description as JSON, ONNX file, or torch.export program."
    )

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning import registry
        from pruning.errors import StoreError
        from pruning.surgery import exports, files, removed

        if desk.save is None:
            raise StoreError("A small model needs a store to be written to.")
        shape, done = registry.models[state.base.model].input_shape, removed(state)
        match self.form:
            case "safetensors":
                data = files.small_file(done, state)
            case "description":
                data = files.description(done, state).encode()
            case "onnx":
                data = exports.onnx(done.model, shape)
            case "program":
                data = exports.program(done.model, shape)
        return {"path": str(desk.save("small", state.key, data, SUFFIX[self.form])), "bytes": len(data)}
