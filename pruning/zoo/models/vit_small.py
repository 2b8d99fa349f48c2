"""A small Vision Transformer on 4x4 patches of 28x28 grey images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Model, models, part

if TYPE_CHECKING:
    from torch import nn


@models.register
class ViTSmall(Model):
    name = "vit_small"
    label = "ViT (small)"
    summary = "Four transformer blocks of four heads, 139,018 parameters."
    reference = "Dosovitskiy et al. 2021"
    rank = 50

    def build(self) -> nn.Module:
        return self.scaled(100, 100)

    def scaled(self, width: int, depth: int) -> nn.Module:
        from pruning.zoo.networks.vit import SmallViT

        heads = part(4, width)  # whole heads of 16, so that attention works on as many numbers as before
        return SmallViT(dim=16 * heads, num_heads=heads, hidden=32 * heads, depth=part(4, depth))
