"""A state's network in ONNX Runtime: bytes of the file, and what it gets right, in float32 or int8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pruning.entries import Desk, Measure
from pruning.registry import measures

if TYPE_CHECKING:
    from pruning.state import State

CALIBRATION = 256
"""Training images that give the ranges of activations."""


@measures.register
class Runtime(Measure):
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

    precision: Literal["float32", "int8"] = Field("float32", description="Numbers of weights and activations.")
    calibration: int = Field(CALIBRATION, ge=10, le=50_000, description="Training images that calibrate int8.")
    weight_bits: Literal[7, 8] = Field(
        7, description="Bits of an int8 file's weights: with 8, processors without VNNI saturate and lose accuracy."
    )
    split: Literal["train", "validation", "test"] = Field("test", description="Validation for choices; test to report.")
    count: int = Field(10_000, ge=1, le=1_000_000, description="Images, from the start of the split.")

    def images(self) -> int:
        return self.count

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import base64

        import numpy as np
        import torch

        from pruning.passes import BATCH, like
        from pruning.predictions import split_of
        from pruning.surgery.runtime import Form, caller, onnx_file, runtime

        runtime()
        images = split_of(state, self.split)
        total = min(self.count, len(images))
        data = onnx_file(state, Form(self.precision, self.calibration, self.weight_bits), desk)
        call = caller(data, torch.get_num_threads())
        right, difference = np.zeros(0, dtype=bool), 0.0
        while len(right) < total:
            desk.progress(len(right), total, "images in ONNX Runtime")
            x, y = images.batch(len(right), min(len(right) + BATCH, total))
            said = call(x.numpy())
            if not len(right):
                with torch.inference_mode():
                    expected = state.model(like(state.model, x)).float().cpu().numpy()
                difference = float(np.abs(said - expected).max() / max(np.abs(expected).max(), 1e-12))
            right = np.concatenate([right, said.argmax(1) == y.numpy()])
        desk.progress(total, total, "images in ONNX Runtime")
        packed = base64.b64encode(np.packbits(right).tobytes()).decode("ascii")
        result = {"bytes": len(data), "count": total, "correct": int(right.sum()), "right": packed}
        return {**result, "difference": difference}
