"""ONNX Runtime: a state's network as a file for it, in float32 or int8, kept so that it is made once."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from torch import Tensor

from pruning.common.hashing import digest
from pruning.common.progress import Desk, Progress
from pruning.compression.removal.exports import onnx
from pruning.compression.removal.onnx_session import INPUT, package
from pruning.compression.removal.remove import smaller
from pruning.network.inputs import BATCH, slices
from pruning.network.scene import training_examples
from pruning.state import State

Precision = Literal["float32", "int8"]
VERSION = 1
"""Rises when the same state would give another file."""
KIND, SUFFIX = "onnx", ".onnx"
SEED = 0
"""Of which training images calibrate."""


@dataclass(frozen=True)
class Form:
    """What kind of file.

    Attributes:
        precision: of weights and activations.
        calibration: how many training images give the ranges of activations; int8 needs some.
        weight_bits: 8, or 7: a quarter of the levels' range is left free then, so that processors without VNNI, whose
            instruction adds two products in 16 bits, do not saturate; int8 only.
    """

    precision: Precision
    calibration: int = 0
    weight_bits: Literal[7, 8] = 7

    def key(self, state: State) -> str:
        """Name under which the file is kept, as an artefact of the kind ``onnx``."""
        how = [self.calibration, self.weight_bits] if self.precision == "int8" else []
        return digest("onnx", VERSION, state.key, self.precision, *how)


def onnx_file(state: State, form: Form, desk: Desk) -> bytes:
    """The state's network as an ONNX file, from the store if it was made before; input ``images``, output ``logits``.

    Raises:
        Missing: a package, or training images, are not on this machine.
        Incompatible: the network cannot be exported.
        Cancelled: through ``desk.progress``.
    """
    key = form.key(state)
    if desk.load is not None and (found := desk.load(KIND, key, SUFFIX)) is not None:
        return found
    if form.precision == "float32":
        desk.progress(0, 1, "writing the ONNX file")
        data = onnx(smaller(state)[0], state.base.input_shape)
    else:
        whole = onnx_file(state, Form("float32"), desk)
        images = training_examples(state.base, form.calibration, SEED)[0]
        data = int8(whole, images, form.weight_bits, desk.progress)
    if desk.save is not None:
        desk.save(KIND, key, data, SUFFIX)
    return data


def int8(data: bytes, images: Tensor, weight_bits: Literal[7, 8], progress: Progress) -> bytes:
    """A float32 ONNX file with weights and activations in 8 bits, as pairs of QuantizeLinear and DequantizeLinear.

    Weights: int8, symmetric, one scale per output channel. Activations: uint8 over the range that the images give
    (Jacob et al. 2018). BatchNorm is folded into its convolution first. Zeros of a weight stay zero.

    Args:
        images: ``(n, channels, height, width)``, float32, of the training split.

    Raises:
        Missing: onnxruntime is not installed.
    """
    package()
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.calibrate import CalibrationDataReader
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.parts = iter(slices(len(images), BATCH))

        def get_next(self) -> dict[str, np.ndarray] | None:  # ty: ignore[incompatible-method-override]
            part = next(self.parts, None)
            if part is None:
                return None
            progress(part.start, len(images), "calibration images")
            return {INPUT: images[part].numpy()}

    with tempfile.TemporaryDirectory() as folder, _quiet():
        given, ready, made = (Path(folder) / f"{name}.onnx" for name in ("given", "ready", "made"))
        given.write_bytes(data)
        quant_pre_process(given, ready, skip_symbolic_shape=True)
        quantize_static(
            ready,
            made,
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
            calibrate_method=CalibrationMethod.MinMax,
            reduce_range=weight_bits == 7,
        )
        return made.read_bytes()


@contextlib.contextmanager
def _quiet() -> Generator[None]:
    """Without the quantizer's remarks on single tensors, which it gives to the root logger."""

    def others(record: logging.LogRecord) -> bool:
        return "onnxruntime" not in record.pathname

    root = logging.getLogger()
    root.addFilter(others)
    try:
        yield
    finally:
        root.removeFilter(others)
