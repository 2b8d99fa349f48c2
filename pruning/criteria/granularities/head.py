"""Attention heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Granularity, granularities

if TYPE_CHECKING:
    from pruning.network.scene import Scene
    from pruning.network.units import Layout


@granularities.register
class Head(Granularity):
    """The heads of each attention layer: query, key and value rows with their biases, output projection's columns."""

    name = "head"
    label = "Attention heads"
    summary = "Whole heads of an attention layer: rows of query, key and value, columns of the output projection."
    reference = "Michel, Levy & Neubig 2019; Voita et al. 2019"
    unit = "heads"
    rank = 60

    def layout(self, scene: Scene) -> Layout:
        from pruning.network.groups.heads import head_layout

        shape = scene.base.input_shape
        return head_layout(scene.model, tuple(scene.weights), shape)
