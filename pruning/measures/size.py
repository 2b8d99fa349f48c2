"""Size, honestly: parameters, measured bytes of real files, and multiply-accumulates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Size(Measure):
    """Counts and bytes of the pruned network.

    Result: ``parameters``, ``nonzero``, ``prunable``, ``prunable_nonzero`` (counts); bytes of files that were really
    made: ``dense_bytes`` and ``plain_bytes`` (safetensors before and after pruning), ``dense_zstd_bytes``,
    ``zstd_bytes``, ``bitmask_bytes`` (one bit per prunable weight and the kept values, the rest plain) and
    ``bitmask_zstd_bytes``; ``macs`` per image of the dense network, ``nonzero_macs`` of those that meet a kept weight.
    ``nonzero`` counts parameters that are not zero, so a weight that is zero by chance is not counted.
    """

    name = "size"
    label = "Size"
    summary = "Parameters, bytes of real files, and multiply-accumulates."

    zstd_level: int = Field(3, ge=1, le=19, description="Effort of the compression; 3 is quick, 19 is for export.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.compression import files
        from pruning.network.macs import macs
        from pruning.network.weights import prunable

        dense, pruned = files.plain(state.start.model), files.plain(state.model)
        bitmask = files.bitmask(state.model)
        weights = prunable(state.model)
        total = sum(p.numel() for p in state.model.parameters())
        kept = {name: int(w.detach().count_nonzero()) for name, w in weights.items()}
        per_layer, whole = macs(state.model, state.base.input_shape)
        left = whole - sum(per_layer.values())
        left += sum(n * kept[name] / weights[name].numel() for name, n in per_layer.items())
        return {
            "parameters": total,
            "nonzero": sum(int(p.detach().count_nonzero()) for p in state.model.parameters()),
            "prunable": sum(w.numel() for w in weights.values()),
            "prunable_nonzero": sum(kept.values()),
            "dense_bytes": len(dense),
            "dense_zstd_bytes": len(files.compressed(dense, self.zstd_level)),
            "plain_bytes": len(pruned),
            "zstd_bytes": len(files.compressed(pruned, self.zstd_level)),
            "bitmask_bytes": len(bitmask),
            "bitmask_zstd_bytes": len(files.compressed(bitmask, self.zstd_level)),
            "macs": round(whole),
            "nonzero_macs": round(left),
        }
