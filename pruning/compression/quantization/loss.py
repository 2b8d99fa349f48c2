"""What rounding does to a network: errors of weights and of outputs layer by layer, and where each byte goes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.common.errors import Incompatible
from pruning.common.progress import Progress
from pruning.compression.quantization.packing import quantized
from pruning.network.inputs import parts
from pruning.network.number_format import NumberFormat
from pruning.network.passes import like, mode
from pruning.state import State


def rounding(state: State) -> tuple[State, State]:
    """The states before and after the last step of the recipe that quantized.

    Raises:
        Incompatible: none did, or the weights were trained since.
    """
    after: State | None = state
    while after is not None and not isinstance(after.step, NumberFormat):
        after = after.parent
    if after is None or after.parent is None or not state.formats:
        raise Incompatible("This network's weights have no levels: quantize them, and do not train them afterwards.")
    return after.parent, after


def relative(error: Tensor, whole: Tensor) -> float:
    """Norm of an error relative to the norm of what it is an error of; 0 where both are zero."""
    size = float(whole.double().norm())
    return float(error.double().norm()) / size if size else 0.0


def output_errors(
    model: nn.Module, after: Mapping[str, Tensor], images: Tensor, progress: Progress
) -> dict[str, float | None]:
    """For each weight the relative error of its layer's output, without the bias, when it alone is replaced.

    The layer gets its inputs in ``model``, so errors of earlier layers do not add up. None where a weight's layer
    is not called by itself (inside fused attention).

    Args:
        model: before the weights were rounded; left as it is.
        after: the rounded weights by name.
        images: ``(n, channels, height, width)``.
    """
    sums: dict[str, list[float]] = {}
    with _watched(model, after, sums), mode(model, False), torch.inference_mode():
        for part in parts(model, images):
            progress(part.start, len(images), "calibration images")
            model(like(model, images[part]))
    ratios = {name: (wrong / whole) ** 0.5 if whole else 0.0 for name, (wrong, whole) in sums.items()}
    return {name: ratios.get(name) for name in after}


@contextmanager
def _watched(model: nn.Module, after: Mapping[str, Tensor], sums: dict[str, list[float]]) -> Generator[None]:
    """While it lasts, squared errors and squared outputs of each layer are added to ``sums``."""
    here = dict(model.named_parameters(remove_duplicate=False))

    def watch(name: str) -> Callable[[Any, tuple[Any, ...], Any], None]:
        def hook(module: Any, inputs: tuple[Any, ...], _: Any) -> None:
            for place, weight in enumerate((after[name] - here[name], here[name])):
                found = _output(module, inputs[0], weight.detach())
                sums.setdefault(name, [0.0, 0.0])[place] += float(found.double().square().sum())

        return hook

    layers = {name: model.get_submodule(name.rpartition(".")[0]) for name in after}
    hooks = [
        layer.register_forward_hook(watch(name))
        for name, layer in layers.items()
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _output(module: Any, x: Tensor, weight: Tensor) -> Tensor:
    """What a layer gives with another weight and no bias."""
    return F.linear(x, weight) if isinstance(module, nn.Linear) else module._conv_forward(x, weight, None)


def bytes_by_part(state: State) -> dict[str, Any]:
    """The packed file's bytes: ``total``; ``header`` (8 bytes of length, and the JSON text); ``layers``: for each
    quantized weight ``codes``, ``scales`` and ``zeros``; ``rest``: biases, norms and what else is kept as it is."""
    data = quantized(state.model, state.formats)
    header = 8 + int.from_bytes(data[:8], "little")
    layers = {}
    for name, kept in state.formats.items():
        codes = -(-kept.codes.numel() * kept.bits // 8)
        scales = 0 if kept.scale is None else kept.scale.nbytes
        zeros = 0 if kept.zero is None or kept.symmetric else kept.zero.numel()
        layers[name] = {"codes": codes, "scales": scales, "zeros": zeros}
    rest = len(data) - header - sum(sum(part.values()) for part in layers.values())
    return {"total": len(data), "header": header, "layers": layers, "rest": rest}
