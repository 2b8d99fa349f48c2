"""Blocks of r outputs x c inputs: tiles of the matrix that a layer multiplies with."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Granularity, granularities

if TYPE_CHECKING:
    from pruning.network.scene import Scene
    from pruning.network.units import Layout


@granularities.register
class Block(Granularity):
    """Tiles of the weight matrix, as block-sparse kernels store them (BSR).

    A convolution is the product with a matrix of outputs x (kernel positions x input channels), channels innermost
    (implicit GEMM); so a block is r outputs x c input channels at *one* kernel position, and none spans two
    positions. Blocks at the edges hold what is left. Input channels are those of one convolution group.
    """

    name = "block"
    label = "Blocks"
    summary = (
        "Tiles of r outputs x c inputs, as block-sparse kernels store them; of a convolution: at each kernel position."
    )
    reference = "Gray, Radford & Kingma 2017; Narang, Undersander & Diamos 2017"
    unit = "blocks"
    rank = 30

    rows: int = Field(4, ge=1, le=64, description="Outputs in a block.")
    columns: int = Field(4, ge=1, le=64, description="Input channels in a block.")

    def layout(self, scene: Scene) -> Layout:
        import torch

        from pruning.network.units import Group, Layout, Member

        groups = {}
        for name, weight in scene.weights.items():
            outputs, inputs, *kernel = weight.shape
            across, positions = -(-inputs // self.columns), prod(kernel)
            row = torch.arange(outputs).div(self.rows, rounding_mode="floor").view(-1, 1, 1)
            column = torch.arange(inputs).div(self.columns, rounding_mode="floor").view(1, -1, 1)
            unit = (row * across + column) * positions + torch.arange(positions)
            count = -(-outputs // self.rows) * across * positions
            groups[name] = Group((count,), (Member(name, unit.view(weight.shape)),), name)
        return Layout(groups)
