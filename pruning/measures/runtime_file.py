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
        from pruning.compression.removal.onnx_runtime import SUFFIX, onnx_file
        from pruning.measures.tools.takes import noted, takes

        keep, form = desk.keeper(), self.form(self.precision)
        return keep("runtime_file", form.key(state), noted(onnx_file(state, form, desk), takes(state)), SUFFIX)
