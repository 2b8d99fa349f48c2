"""Uniform: every layer gives the same share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pruning.entries import Allocation
from pruning.registry import allocations

if TYPE_CHECKING:
    import numpy as np


@allocations.register
class Uniform(Allocation):
    name = "uniform"
    label = "Uniform"
    summary = "Every layer loses the same share of its weights; no layer can be emptied before the others."
    reference = "Han et al. 2015"
    rank = 20

    def removed(
        self, ordered: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]], levels: np.ndarray
    ) -> np.ndarray:
        import numpy as np

        from pruning.ranking import counts

        return np.stack([counts(levels, len(layer)) for layer in ordered.values()])
