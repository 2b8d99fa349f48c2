"""Latency in ONNX Runtime: the dense network, this one, and this one in int8, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from pruning.entries import Desk, Measure
from pruning.evaluate.runtime import CALIBRATION
from pruning.registry import measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class RuntimeLatency(Measure):
    """Time of one pass of three ONNX files in ONNX Runtime on the CPU, in rounds that take each of them once.

    The variants alternate within one run, as in the measure ``latency``. Result: ``rows``, one per batch size and
    variant ("dense" and "this" in float32, "int8": this one in int8): ``batch`` (images), ``median_ms``, and
    ``low_ms`` and ``high_ms``, the quartiles (milliseconds a pass), ``samples``; ``bytes`` of each variant's file;
    ``threads`` inside an operation: torch's number; ``device`` "cpu"; ``machine``. Partial results grow by batch size.
    """

    name = "runtime_latency"
    label = "Latency in ONNX Runtime"
    summary = "Milliseconds of a pass in ONNX Runtime: dense, this network, and it in int8, on this machine."
    pure = False

    batches: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(
        (1, 16), min_length=1, max_length=8, description="Images in one pass."
    )
    seconds: float = Field(2.0, gt=0, le=60, description="Time spent at each batch size, at least seven rounds.")
    calibration: int = Field(CALIBRATION, ge=10, le=50_000, description="Training images that calibrate int8.")
    weight_bits: Literal[7, 8] = Field(
        7, description="Bits of an int8 file's weights: with 8, processors without VNNI saturate and lose accuracy."
    )
    repeat: int = Field(0, ge=0, le=10_000, description="Which measurement: another number is measured anew.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from functools import partial

        import torch

        from pruning import registry
        from pruning.settings import machine
        from pruning.stopwatch import by_turns, quartiles
        from pruning.surgery.runtime import Form, caller, onnx_file, runtime

        runtime()
        files = {
            "dense": onnx_file(state.start, Form("float32"), desk),
            "this": onnx_file(state, Form("float32"), desk),
            "int8": onnx_file(state, Form("int8", self.calibration, self.weight_bits), desk),
        }
        threads = torch.get_num_threads()
        found: dict[str, Any] = {
            "rows": [],
            "bytes": {name: len(data) for name, data in files.items()},
            "threads": threads,
            "device": "cpu",
            "machine": machine(),
        }
        networks = {name: caller(data, threads) for name, data in files.items()}
        shape = registry.models[state.base.model].input_shape
        for number, batch in enumerate(self.batches):
            images = torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0)).numpy()
            works = {name: partial(call, images) for name, call in networks.items()}
            note = f"{batch} image{'s' if batch > 1 else ''} a pass"
            times = by_turns(works, self.seconds, tell=desk.part(number, len(self.batches), note))
            found["rows"] += [{"variant": name, "batch": batch, **quartiles(taken)} for name, taken in times.items()]
            desk.progress(number + 1, len(self.batches), note, {**found, "rows": [*found["rows"]]})
        return found
