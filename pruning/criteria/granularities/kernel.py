"""Kernels: the k x k slice of a filter that reads one input channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Granularity, granularities

if TYPE_CHECKING:
    from pruning.network.scene import Scene
    from pruning.network.units import Layout


@granularities.register
class Kernel(Granularity):
    name = "kernel"
    label = "Kernels"
    summary = "One k x k slice of a filter, for one output and one input channel of a convolution."
    reference = "Anwar, Hwang & Sung 2017; Mao et al. 2017"
    unit = "kernels"
    rank = 40

    def layout(self, scene: Scene) -> Layout:
        import torch

        from pruning.network.units import Group, Layout, Member

        groups, skipped = {}, {}
        for name, weight in scene.weights.items():
            if weight.ndim < 3:
                skipped[name] = "a dense layer has no kernels"
                continue
            count = weight.shape[0] * weight.shape[1]
            unit = torch.arange(count).view(*weight.shape[:2], *(1,) * (weight.ndim - 2))
            groups[name] = Group((count,), (Member(name, unit),), name)
        return Layout(groups, skipped)
