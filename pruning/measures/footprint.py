"""Footprint: what of a network is really delivered, and how few bytes a file of it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Footprint(Measure):
    """The network as it would be delivered: without masked channels, heads and blocks, where the recipe has such.

    Result, each for the state and, as ``dense_…``, for the network it started from: ``parameters``, ``macs`` of one
    image (whole products: single zeros save none), ``bytes`` of the smallest file. ``files``: bytes of every file that
    was really made: ``plain`` (safetensors), ``bitmask`` (one bit per weight, and the values that are not zero),
    ``packed`` (quantized weights in as many bits as they have, with scales), each also compressed by zstd
    (``plain_zstd`` …); ``file``: the smallest one's name; ``nonzero``: parameters that are not zero.
    """

    name = "footprint"
    label = "Footprint"
    summary = "Parameters, MACs and the smallest real file of the network as it would be delivered."

    zstd_level: int = Field(19, ge=1, le=19, description="Effort of the compression.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.compression.removal.files import delivery, smallest
        from pruning.network.macs import macs

        shape = state.base.input_shape
        result: dict[str, Any] = {}
        for prefix, one in (("dense_", state.start), ("", state)):
            model, made = delivery(one)
            best = smallest(made, self.zstd_level)
            result |= {
                f"{prefix}parameters": sum(p.numel() for p in model.parameters()),
                f"{prefix}macs": round(macs(model, shape)[1]),
                f"{prefix}bytes": len(best.data),
            }
        nonzero = sum(int(p.detach().count_nonzero()) for p in model.parameters())
        return result | {"files": best.sizes, "file": best.form, "nonzero": nonzero}
