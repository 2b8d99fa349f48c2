"""Sensitivity: what each layer can give alone, measured on validation images, as a table of shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.criteria.kinds import Allocation, allocations

if TYPE_CHECKING:
    import numpy as np

    from pruning.criteria.budget import Budget

SHARES = (100, 300, 500, 600, 700, 800, 900, 950, 990)
"""Shares of a layer's units that a scan removes, in per mille."""


@allocations.register
class Sensitivity(Allocation):
    """For each layer the largest scanned share that, with this layer alone pruned, keeps the accuracy.

    The table is met at the level it comes to; other levels scale it, as by hand. Layers that keep the accuracy at no
    scanned share are dense until then.
    """

    name = "sensitivity"
    label = "Sensitivity scan"
    summary = "Each layer gives as much as it can give alone within a tolerance of validation accuracy."
    reference = "Li et al. 2017, Pruning filters for efficient ConvNets (section 3.2); Han et al. 2015"
    rank = 60
    scored = True

    tolerance: float = Field(1.0, ge=0, le=100, description="Points of validation accuracy that a layer may cost.")
    count: int = Field(500, ge=1, le=1_000_000, description="Validation images of the scan.")

    def removed(self, budget: Budget) -> np.ndarray:
        from pruning.common.errors import Incompatible
        from pruning.criteria.allocations.by_hand import follow
        from pruning.criteria.sensitivity_scan import scan

        scene = budget.scene
        if scene is None or not budget.units:
            raise Incompatible("The sensitivity scan needs a network and scores of its units: choose uniform, say.")

        def progress(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
            del partial  # partial results of the scan are of no use to a caller who asked for a plan
            scene.progress(done, total, note)

        found = scan(scene, budget.units, self.count, SHARES, progress)
        return follow(budget, tolerated(found, self.tolerance))


def tolerated(found: dict[str, Any], tolerance: float) -> dict[str, int]:
    """The largest share (per mille) by layer that costs at most so many points of accuracy; 0 where none does.

    Args:
        found: a whole result of ``pruning.criteria.sensitivity_scan.scan``.
    """
    least = found["dense_correct"] - tolerance / 100 * found["count"] - 1e-9
    return {
        layer: max((share for share, right in zip(found["shares"], line, strict=True) if right >= least), default=0)
        for layer, line in zip(found["layers"], found["correct"], strict=True)
    }
