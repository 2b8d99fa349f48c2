"""A network for other runtimes: ONNX, and a program of ``torch.export``, both for any batch size."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import logging
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pruning.common.errors import Incompatible, Missing
from pruning.compression.removal.onnx_session import INPUT, caller
from pruning.compression.removal.outputs import NEAR, difference, output

LARGEST = 4096
"""Largest batch that an exported network takes."""
OPSET = 20


def program(model: nn.Module, input_shape: tuple[int, ...]) -> bytes:
    """The network as a ``torch.export`` program (``.pt2``): torch alone runs it, for batches of 1 to 4,096.

    Args:
        input_shape: of one image, ``(channels, height, width)``, float32.

    Raises:
        Incompatible: torch cannot follow the network's code.
    """
    file = io.BytesIO()
    with _quiet():
        torch.export.save(_exported(model, input_shape), file)
    return file.getvalue()


def onnx(model: nn.Module, input_shape: tuple[int, ...]) -> bytes:
    """The network as an ONNX file: input ``images``, output ``logits``, batches of any size.

    Raises:
        Missing: onnx or onnxscript is not installed.
        Incompatible: an operation has no counterpart, or ONNX Runtime, where installed, gives other outputs.
    """
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError:
        raise Missing("ONNX files need two more packages: pip install onnx==1.23.2 onnxscript==0.7.2.") from None
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / "model.onnx"
        try:
            torch.onnx.export(
                _exported(model, input_shape),
                (),
                path,
                dynamo=True,
                external_data=False,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=["logits"],
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise Incompatible(f"This network cannot be written as ONNX: {_first(error)}.") from None
        data = _with_batch(path.read_bytes())
    _check(data, model, input_shape)
    return data


def noted(data: bytes, facts: Mapping[str, Any]) -> bytes:
    """An ONNX file with what goes with it in its metadata, as JSON: ``classes``, ``preprocessing``, ``measured`` …;
    ``session.get_modelmeta().custom_metadata_map`` gives them back."""
    import onnx

    proto = onnx.load_from_string(data)
    onnx.helper.set_model_props(proto, {name: json.dumps(value) for name, value in facts.items()})
    return proto.SerializeToString()


def _with_batch(data: bytes) -> bytes:
    """The file with the first dimension of its images called "batch": the exporter numbers it ("s31")."""
    import onnx

    proto = onnx.load_from_string(data)
    given = proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param
    for value in (*proto.graph.input, *proto.graph.output, *proto.graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if given and dim.dim_param == given:
                dim.dim_param = "batch"
    return proto.SerializeToString()


def _exported(model: nn.Module, input_shape: tuple[int, ...]) -> torch.export.ExportedProgram:
    """The network's operations. The example holds two images: with one, a ViT's batch would become a constant."""
    twin = copy.deepcopy(model).to("cpu").eval()
    batch = torch.export.Dim("batch", min=1, max=LARGEST)
    try:
        return torch.export.export(twin, (torch.zeros(2, *input_shape),), dynamic_shapes=({0: batch},))
    except (RuntimeError, ValueError, TypeError) as error:
        raise Incompatible(f"torch cannot export this network: {_first(error)}.") from None


def _check(data: bytes, model: nn.Module, input_shape: tuple[int, ...]) -> None:
    """ONNX Runtime, where it is installed, gives the network's outputs, for another batch size than the example's."""
    try:
        call = caller(data, 1)
    except Missing:
        return
    images = torch.randn(3, *input_shape, generator=torch.Generator().manual_seed(4))
    said = output(copy.deepcopy(model).to("cpu").eval(), images)
    if not difference(torch.from_numpy(call(images.numpy())), said) <= NEAR:  # NaN is not near
        raise Incompatible("ONNX Runtime gives other outputs than torch for this network: the file is not given out.")


@contextlib.contextmanager
def _quiet() -> Any:
    """Without the exporter's notes, which are for its authors."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    before = [logger.level for logger in loggers]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)


def _first(error: Exception) -> str:
    """The first line of an error, without its full stop."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
