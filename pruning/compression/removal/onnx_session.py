"""ONNX Runtime itself: the package, a file that is ready to run, and its network as a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pruning.common.errors import Missing

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

INPUT = "images"
"""Name of the one input of every file that is made here."""


def package() -> Any:
    """The package onnxruntime.

    Raises:
        Missing: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise Missing("Running ONNX files needs one more package: pip install onnxruntime==1.32.0.") from None
    return onnxruntime


def session(data: bytes, threads: int) -> InferenceSession:
    """An ONNX file ready to run on the CPU, with so many threads inside an operation.

    Raises:
        Missing: onnxruntime is not installed.
    """
    ort = package()
    options = ort.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads, options.inter_op_num_threads = 3, threads, 1
    # Waiting threads sleep, as torch's do here: spinning ones slow everything when workers share cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def caller(data: bytes, threads: int) -> Callable[[Any], np.ndarray]:
    """The network of an ONNX file as a function from images, a float32 array, to its first output, the logits.

    Raises:
        Missing: onnxruntime is not installed.
    """
    ready = session(data, threads)
    return lambda images: ready.run(None, {INPUT: images})[0]  # ty: ignore[invalid-explicit-return]
