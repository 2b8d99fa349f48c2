"""Single weights: unstructured pruning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Granularity, granularities

if TYPE_CHECKING:
    from pruning.network.scene import Scene
    from pruning.network.units import Layout


@granularities.register
class Weight(Granularity):
    name = "weight"
    label = "Single weights"
    summary = "Each weight by itself (unstructured): the highest sparsity, but shapes and speed stay as they are."
    reference = "LeCun et al. 1990; Han et al. 2015"
    rank = 10
    single = True

    def layout(self, scene: Scene) -> Layout:
        from pruning.network.units import Layout

        return Layout.singles({name: tuple(weight.shape) for name, weight in scene.weights.items()})
