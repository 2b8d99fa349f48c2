"""Global: one threshold over all layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pruning.entries import Allocation
from pruning.registry import allocations

if TYPE_CHECKING:
    import numpy as np


@allocations.register
class Global(Allocation):
    name = "global"
    label = "Global"
    summary = "All weights compete: the lowest scores of the whole network go, wherever they are. Can empty a layer."
    reference = "Frankle & Carbin 2019; Blalock et al. 2020"
    rank = 10

    def removed(
        self, ordered: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]], levels: np.ndarray
    ) -> np.ndarray:
        from pruning.ranking import counts, split_globally

        layers = list(ordered.values())
        return split_globally(layers, counts(levels, sum(map(len, layers))))
