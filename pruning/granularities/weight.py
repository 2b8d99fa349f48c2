"""Single weights: unstructured pruning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pruning.entries import Granularity
from pruning.registry import granularities

if TYPE_CHECKING:
    from torch import Tensor


@granularities.register
class Weight(Granularity):
    name = "weight"
    label = "Single weights"
    summary = "Each weight by itself (unstructured): the highest sparsity, but shapes and speed stay as they are."
    reference = "LeCun et al. 1990; Han et al. 2015"
    rank = 10

    def units(self, scores: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return dict(scores)

    def expand(self, unit_masks: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
        return dict(unit_masks)
