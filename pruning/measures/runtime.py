"""A state's network in ONNX Runtime: bytes of the file, and what it gets right, in float32 or int8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import OnImages, OnnxFile, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Runtime(OnImages, OnnxFile):
    """The network as an ONNX file, really run; masked channels, heads and blocks are removed before it is written.

    Result: ``bytes`` of the file; ``count`` images; ``correct``, how many are right; ``right``: the bits of which, as
    the measure ``verdicts`` has them; ``difference``: the largest of logits between the file and torch's network on
    the first images (at most 100), relative to torch's largest. int8 is post-training static quantization of weights
    (per output channel) and activations, in the graph as QuantizeLinear and DequantizeLinear; the images that
    calibrate it are of the training split. Its weights have 7 bits unless asked otherwise: a processor without VNNI
    adds two products in 16 bits, and with 8 bits these saturate, so that it computes something else than the file says.
    """

    name = "runtime"
    label = "In ONNX Runtime"
    summary = "Bytes of the ONNX file, and images it gets right in ONNX Runtime, in float32 or int8."

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import numpy as np
        import torch

        from pruning.common.bits import packed
        from pruning.compression.removal.onnx_runtime import onnx_file
        from pruning.compression.removal.onnx_session import caller, package
        from pruning.compression.removal.outputs import difference, output
        from pruning.network.inputs import BATCH
        from pruning.network.passes import like
        from pruning.zoo.match import split_of

        state.base.task.need_classes(state.base.model)
        package()
        images = split_of(state.base, self.split)
        total = min(self.count, len(images))
        data = onnx_file(state, self.form(self.precision), desk)
        call = caller(data, torch.get_num_threads())
        right, apart = np.zeros(0, dtype=bool), 0.0
        while len(right) < total:
            desk.progress(len(right), total, "images in ONNX Runtime")
            x, y = images.batch(len(right), min(len(right) + BATCH, total))
            said = call(x.numpy())
            if not len(right):
                apart = difference(torch.from_numpy(said), output(state.model, like(state.model, x)).float().cpu())
            right = np.concatenate([right, said.argmax(1) == y.numpy()])
        desk.progress(total, total, "images in ONNX Runtime")
        return {"bytes": len(data), **packed(right), "difference": apart}
