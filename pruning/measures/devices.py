"""The devices of the machine that computes, which need not be the one that shows pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Devices(Measure):
    """Result: ``devices``, their names as ``Base.device`` takes them, the CPU first; ``labels`` for people."""

    name = "devices"
    label = "Devices"
    summary = "CPU, and every CUDA or MPS device that is really there."
    stored = False
    pure = False

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.network.devices import device_labels, present_devices

        names = present_devices()
        return {"devices": names, "labels": device_labels(names)}
