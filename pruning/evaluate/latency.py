"""Latency: how long the dense, the masked and the small network really take, side by side."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from pruning.entries import Desk, Measure
from pruning.registry import measures

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pruning.state import State

SAMPLE = 0.004
"""Seconds that one sample lasts at least: a network that is quicker is called several times for one."""
WARM = 3
"""Calls before anything is timed."""
LEAST, MOST = 7, 200
"""Rounds at each batch size."""


@measures.register
class Latency(Measure):
    """Time of one forward pass of three variants of the network, in rounds that take each of them once.

    The variants alternate within one run, in an order that changes from round to round, so that a slow second of the
    machine hits all of them. Result: ``rows``, one per batch size and variant ("dense", "masked", "small"): ``batch``
    (images), ``median_ms``, and ``low_ms`` and ``high_ms``, the quartiles (milliseconds a pass), ``samples``; ``macs``
    of one image of ``dense`` and ``small``: their ratio is the theoretical speed-up; ``threads`` of torch; ``device``;
    ``machine``. In float32, in eager mode, with inputs already on the device. Partial results grow by batch size.
    """

    name = "latency"
    label = "Latency"
    summary = "Milliseconds of a pass: dense, masked, and with the masked units removed, on this machine."
    pure = False

    batches: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(
        (1, 16, 64), min_length=1, max_length=8, description="Images in one pass."
    )
    seconds: float = Field(2.0, gt=0, le=60, description="Time spent at each batch size, at least seven rounds.")

    repeat: int = Field(0, ge=0, le=10_000, description="Which measurement: another number is measured anew.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import torch

        from pruning import registry
        from pruning.macs import counted
        from pruning.settings import machine
        from pruning.surgery import remove

        shape = registry.models[state.base.model].input_shape
        small = remove(state).model
        variants = {"dense": state.start.model, "masked": state.model, "small": small}
        device = next(state.model.parameters()).device
        found: dict[str, Any] = {
            "rows": [],
            "macs": {name: round(counted(variants[name], shape)[1]) for name in ("dense", "small")},
            "threads": torch.get_num_threads(),
            "device": str(device),
            "machine": machine(),
        }
        for number, batch in enumerate(self.batches):
            images = torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0)).to(device)
            times = _timed(variants, images, self.seconds, desk, number, len(self.batches))
            found["rows"] += [{"variant": name, "batch": batch, **_quartiles(taken)} for name, taken in times.items()]
            desk.progress(number + 1, len(self.batches), f"{batch} images a pass", {**found, "rows": [*found["rows"]]})
        return found


def _timed(
    variants: dict[str, nn.Module], images: torch.Tensor, budget: float, desk: Desk, done: int, total: int
) -> dict[str, list[float]]:
    """Seconds a pass of each variant, one sample a round."""
    import torch

    def sample(model: nn.Module, calls: int) -> float:
        began = time.perf_counter()
        for _ in range(calls):
            model(images)
        if images.device.type == "cuda":
            torch.cuda.synchronize(images.device)
        return (time.perf_counter() - began) / calls

    names = list(variants)
    times: dict[str, list[float]] = {name: [] for name in names}
    with torch.inference_mode():
        quickest = min(sample(model, WARM) for model in variants.values())
        calls = max(1, round(SAMPLE / max(quickest, 1e-6)))
        began, rounds = time.perf_counter(), 0
        while rounds < LEAST or (rounds < MOST and time.perf_counter() - began < budget):
            for place in range(len(names)):
                name = names[(place + rounds) % len(names)]
                times[name].append(sample(variants[name], calls))
                desk.progress(done + min(rounds / LEAST, 0.99), total, f"{len(images)} images a pass")
            rounds += 1
    return times


def _quartiles(taken: list[float]) -> dict[str, float]:
    """Median and quartiles in milliseconds."""
    import numpy as np

    low, median, high = (1000 * float(x) for x in np.quantile(taken, (0.25, 0.5, 0.75)))
    return {"median_ms": median, "low_ms": low, "high_ms": high, "samples": len(taken)}
