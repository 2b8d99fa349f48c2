"""Whole blocks of a residual network or transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Granularity, granularities

if TYPE_CHECKING:
    from pruning.network.scene import Scene
    from pruning.network.units import Layout


@granularities.register
class LayerBlock(Granularity):
    """Blocks that pass their input on when all their parameters are zero; one group, units in the order of calls."""

    name = "layer_block"
    label = "Whole blocks"
    summary = "Whole residual or transformer blocks: without its weights such a block passes its input on unchanged."
    reference = "Veit, Wilber & Belongie 2016; Men et al. 2024"
    unit = "blocks"
    takes = "blocks"
    rank = 70

    def layout(self, scene: Scene) -> Layout:
        from pruning.network.groups.blocks import block_layout

        shape = scene.base.input_shape
        return block_layout(scene.model, tuple(scene.weights), shape)
