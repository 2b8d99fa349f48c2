"""ERK: large layers are made sparser than small ones, by the sum of their dimensions over the product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Allocation, allocations

if TYPE_CHECKING:
    import numpy as np

    from pruning.criteria.budget import Budget


@allocations.register
class Erk(Allocation):
    """The share kept of a layer is ``min(1, scale * (n_in + n_out + k_h + k_w) / (n_in n_out k_h k_w))``.

    The scale is solved so that the whole network meets the level, with the layers that are dense left out of it. The
    dimensions are those of the weight that leads the group; of a grouped convolution, of what one group reads.
    """

    name = "erk"
    label = "ERK"
    summary = "Erdős-Rényi kernel: wide layers give more, narrow ones stay denser, the narrowest whole."
    reference = "Mocanu et al. 2018; Evci et al. 2020, RigL"
    rank = 30

    def removed(self, budget: Budget) -> np.ndarray:
        import numpy as np

        raw = np.array([[sum(shape) / np.prod(shape)] for shape in budget.shapes])
        return budget.fill(lambda t: np.minimum(1.0, t * (raw / raw.min())))
