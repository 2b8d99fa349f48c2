"""Channels and neurons: filters, and all that is tied to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Granularity, granularities

if TYPE_CHECKING:
    from pruning.network.scene import Scene
    from pruning.network.units import Layout


@granularities.register
class Channel(Granularity):
    """Output channels of convolutions and neurons of dense layers, coupled as the network couples them.

    A unit holds the filters of one channel in every layer that it is joined to (by additions, by depthwise and
    grouped convolutions), their biases and norm entries, and the slices of the next layers that read it. Only the
    filters' scores count. A masked channel equals a removed one.
    """

    name = "channel"
    label = "Channels and neurons"
    summary = (
        "Whole output channels with their bias and norm entries, and the slices of the next layers that read them; "
        "channels joined by additions go together. They can be removed for good: smaller and faster."
    )
    reference = "Li et al. 2017; Fang et al. 2023 (dependency graph)"
    unit = "channels"
    takes = "channels"
    rank = 50

    def layout(self, scene: Scene) -> Layout:
        from pruning.network.groups.channels import channel_layout

        shape = scene.base.input_shape
        return channel_layout(scene.model, tuple(scene.weights), shape)
