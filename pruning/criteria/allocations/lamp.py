"""LAMP: budgets from one threshold over scores that were made comparable between layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Allocation, allocations

if TYPE_CHECKING:
    import numpy as np

    from pruning.criteria.budget import Budget


@allocations.register
class Lamp(Allocation):
    """The budgets of layer-adaptive magnitude pruning, for whatever scores the criterion gives.

    In each layer, ascending, ``u²`` is divided by the sum of the squares from there up; the lowest of all layers go.
    Within a layer the order stays the criterion's. The last unit of a layer scores 1, the most there is: no layer
    empties while another one has two units left. Scores below zero say that removal helps; they are treated as a
    mirror, ``-u²`` over the sum of the squares from there down: they go first, and each layer's lowest first of all.
    """

    name = "lamp"
    label = "LAMP"
    summary = "Each score over what its layer would have left: layers compete fairly, and none is emptied early."
    reference = "Lee et al. 2021, Layer-adaptive sparsity for magnitude-based pruning (eq. 3)"
    rank = 40
    scored = True

    def removed(self, budget: Budget) -> np.ndarray:
        return budget.lowest(tuple(lamp(scores) for scores in budget.ordered))


def lamp(ordered: np.ndarray) -> np.ndarray:
    """LAMP's scores of a layer, as their square roots with sign, ascending, float32.

    The root keeps the order and does not underflow where squares would.

    Args:
        ordered: unit scores in ascending order; those of units that are masked already stay lowest.
    """
    import numpy as np

    from pruning.criteria.ranking import MASKED

    scores = ordered.astype(np.float64)
    masked = int(np.searchsorted(ordered, np.float32(MASKED), "right"))
    alive = scores[masked:]
    squares, negative = alive**2, alive < 0
    over = np.where(negative, np.cumsum(squares), np.cumsum(squares[::-1])[::-1])
    scores[masked:] = np.divide(alive, np.sqrt(over), out=np.zeros_like(alive), where=over > 0)
    if masked < len(scores):
        scores[-1] = 1.0
    return scores.astype(np.float32)
