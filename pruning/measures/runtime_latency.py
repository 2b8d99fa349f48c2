"""Latency in ONNX Runtime: the dense network, this one, and this one in int8, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Calibrated, Timing, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class RuntimeLatency(Timing, Calibrated):
    """Time of one pass of three ONNX files in ONNX Runtime on the CPU, in rounds that take each of them once.

    The variants alternate within one run, as in the measure ``latency``. Result: ``rows``, one per batch size and
    variant ("dense" and "this" in float32, "int8": this one in int8): ``batch`` (images), ``median_ms``, and
    ``low_ms`` and ``high_ms``, the quartiles (milliseconds a pass), ``samples``; ``bytes`` of each variant's file;
    ``threads`` inside an operation: torch's number; ``device`` "cpu"; ``machine``. Partial results grow by batch size.
    """

    name = "runtime_latency"
    label = "Latency in ONNX Runtime"
    summary = "Milliseconds of a pass in ONNX Runtime: dense, this network, and it in int8, on this machine."

    batches: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(
        (1, 16), min_length=1, max_length=8, description="Images in one pass."
    )
    seconds: float = Field(2.0, gt=0, le=60, description="Time spent at each batch size, at least seven rounds.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from functools import partial

        import torch

        from pruning.common.environment import machine
        from pruning.compression.removal.onnx_runtime import onnx_file
        from pruning.compression.removal.onnx_session import caller, package
        from pruning.measures.tools.stopwatch import by_turns, quartiles

        package()
        files = {
            "dense": onnx_file(state.start, self.form("float32"), desk),
            "this": onnx_file(state, self.form("float32"), desk),
            "int8": onnx_file(state, self.form("int8"), desk),
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
        shape = state.base.input_shape
        for number, batch in enumerate(self.batches):
            images = torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0)).numpy()
            works = {name: partial(call, images) for name, call in networks.items()}
            note = f"{batch} image{'s' if batch > 1 else ''} a pass"
            times = by_turns(works, self.seconds, tell=desk.part(number, len(self.batches), note))
            found["rows"] += [{"variant": name, "batch": batch, **quartiles(taken)} for name, taken in times.items()]
            desk.progress(number + 1, len(self.batches), note, {**found, "rows": [*found["rows"]]})
        return found
