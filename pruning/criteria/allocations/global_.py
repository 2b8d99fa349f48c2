"""Global: one threshold over all layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Allocation, allocations

if TYPE_CHECKING:
    import numpy as np

    from pruning.criteria.budget import Budget


@allocations.register
class Global(Allocation):
    name = "global"
    label = "Global"
    summary = "All units compete: the lowest scores of the whole network go, wherever they are. Can empty a layer."
    reference = "Frankle & Carbin 2019; Blalock et al. 2020"
    rank = 10
    scored = True
    empties = True

    def removed(self, budget: Budget) -> np.ndarray:
        return budget.lowest(budget.ordered)
