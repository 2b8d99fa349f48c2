"""The sensitivity scan as a measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.criteria.allocations.sensitivity import SHARES
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class SensitivityScan(Measure):
    """Validation accuracy with one layer alone pruned by the last pruning step's criterion, at several shares.

    Result: ``layers`` in forward order (groups of units, by the layer that leads each); ``shares`` of a layer's units
    removed, per mille; ``count`` images of the ``split`` "validation"; ``dense_correct``, right answers of the network
    before that step; ``correct``, one list a layer of right answers at each share, in partial results None for layers
    to come; ``units`` of each layer, and ``removed``, lists like ``correct`` of the units that really went (not in
    results of before 2026-12-01); ``seconds``.
    """

    name = "sensitivity"
    label = "Sensitivity scan"
    summary = "Validation accuracy with only one layer pruned, layer by layer and share by share."
    scope = "ranking"

    count: int = Field(1000, ge=1, le=1_000_000, description="Validation images, from the start of the split.")
    shares: tuple[Annotated[int, Field(ge=0, le=1000)], ...] = Field(
        SHARES, min_length=1, max_length=100, description="Shares of a layer's units removed, in per mille."
    )

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.common.errors import Incompatible
        from pruning.criteria.sensitivity_scan import scan

        if state.plan is None:
            raise Incompatible("A sensitivity scan needs a pruning step in the recipe, whose criterion it scans.")
        if state.plan.ranking is None:
            raise Incompatible("A sensitivity scan needs a ranking; solvers choose anew at each level.")
        return scan(state.plan.scene, state.plan.ranking.scores, self.count, self.shares, desk.progress)
