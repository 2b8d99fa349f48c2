"""The network without its masked units as a file for download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pruning.common.progress import Desk
from pruning.compression.suffixes import SMALL_SUFFIX
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class SmallModel(Measure):
    """The small network as a file in one of several forms: ``path`` in the store, ``bytes``. ONNX and JSON files carry
    its classes, its preprocessing and what was measured."""

    name = "small_model"
    label = "Small model"
    summary = "The network with the masked units removed, as a file."
    stored = False

    form: Literal["safetensors", "description", "onnx", "program"] = Field(
        "safetensors", description="Weights, description as JSON, ONNX file, or torch.export program."
    )

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.compression.removal import exports, files
        from pruning.compression.removal.remove import removed
        from pruning.measures.tools.facts import facts

        keep, done, shape = desk.keeper(), removed(state), state.base.input_shape
        match self.form:
            case "safetensors":
                data = files.small_file(done, state)
            case "description":
                data = files.description(done, state, facts(state, desk, done.model)).encode()
            case "onnx":
                data = exports.noted(exports.onnx(done.model, shape), facts(state, desk, done.model))
            case "program":
                data = exports.program(done.model, shape)
        return keep("small", state.key, data, SMALL_SUFFIX[self.form])
