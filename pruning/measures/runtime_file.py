"""The network for ONNX Runtime as a file for download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import OnnxFile, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class RuntimeFile(OnnxFile):
    """The ONNX file that the measure ``runtime`` runs, with what it takes and gives in its metadata: ``path`` in the
    store, ``bytes``."""

    name = "runtime_file"
    label = "ONNX file"
    summary = "The network as an ONNX file, in float32 or int8."
    stored = False

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.compression.removal.exports import noted
        from pruning.compression.removal.onnx_runtime import SUFFIX, onnx_file
        from pruning.measures.tools.facts import facts

        keep, form = desk.keeper(), self.form(self.precision)
        about = facts(state, desk)
        if self.precision == "int8":
            del about["measured"]  # that is the network's in float32
        return keep("runtime_file", form.key(state), noted(onnx_file(state, form, desk), about), SUFFIX)
