"""Latency: how long the dense, the masked and the small network really take, side by side."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Timing, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Latency(Timing):
    """Time of one forward pass of three variants of the network, in rounds that take each of them once.

    The variants alternate within one run, in an order that changes from round to round, so that a slow second of the
    machine hits all of them. Result: ``rows``, one per batch size and variant ("dense", "masked", "small"): ``batch``
    (images), ``median_ms``, and ``low_ms`` and ``high_ms``, the quartiles (milliseconds a pass), ``samples``; ``macs``
    of one image of ``dense`` and ``small``: their ratio is the theoretical speed-up; ``threads`` of torch, ``device``,
    ``clock`` ("thread" or "wall", see ``pruning.measures.tools.stopwatch``), ``machine``. In float32, in eager mode,
    with inputs already on the device. Partial results grow by batch size.
    """

    name = "latency"
    label = "Latency"
    summary = "Milliseconds of a pass: dense, masked, and with the masked units removed, on this machine."

    batches: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(
        (1, 16, 64), min_length=1, max_length=8, description="Images in one pass."
    )
    seconds: float = Field(2.0, gt=0, le=60, description="Time spent at each batch size, at least seven rounds.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import torch

        from pruning.compression.removal.remove import removed
        from pruning.measures.tools.stopwatch import by_turns, conditions, quartiles
        from pruning.network.inputs import drawn
        from pruning.network.macs import macs
        from pruning.network.passes import like

        shape = state.base.input_shape
        small = removed(state).model
        variants = {"dense": state.start.model, "masked": state.model, "small": small}
        device = next(state.model.parameters()).device
        found: dict[str, Any] = {
            "rows": [],
            "macs": {name: round(macs(variants[name], shape)[1]) for name in ("dense", "small")},
            **conditions(device),
        }
        for number, batch in enumerate(self.batches):
            images = like(state.model, drawn(state.model, shape, batch, torch.Generator().manual_seed(0)))
            note = f"{batch} image{'s' if batch > 1 else ''} a pass"
            works = {name: partial(model, images) for name, model in variants.items()}
            times = by_turns(works, self.seconds, device, desk.part(number, len(self.batches), note))
            found["rows"] += [{"variant": name, "batch": batch, **quartiles(taken)} for name, taken in times.items()]
            desk.progress(number + 1, len(self.batches), note, {**found, "rows": [*found["rows"]]})
        return found
