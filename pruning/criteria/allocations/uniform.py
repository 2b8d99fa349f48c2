"""Uniform: every layer gives the same share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Allocation, allocations

if TYPE_CHECKING:
    import numpy as np

    from pruning.criteria.budget import Budget


@allocations.register
class Uniform(Allocation):
    name = "uniform"
    label = "Uniform"
    summary = (
        "Every layer loses the same share of its units; no layer can be emptied before the others. Where bounds hold "
        "some back the others make up, as far as that goes."
    )
    reference = "Han et al. 2015"
    rank = 20

    def removed(self, budget: Budget) -> np.ndarray:
        import numpy as np

        from pruning.criteria.ranking import counts

        if budget.bounded:
            return budget.fill(lambda t: np.broadcast_to(t, budget.lower.shape))
        return np.stack([counts(budget.levels, int(size)) for size in budget.sizes])
