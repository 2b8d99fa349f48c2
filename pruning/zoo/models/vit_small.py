"""A small Vision Transformer on 4x4 patches of 28x28 grey images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.entries import Model
from pruning.registry import models

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
        from pruning.zoo.networks.vit import SmallViT

        return SmallViT()
