"""How far the outputs of one network are from those of another: what removal and exported files are proved by."""

from __future__ import annotations

import torch
from torch import Tensor, nn

NEAR = 1e-4
"""Largest difference between equal networks: sums of float32 in another order stay below it."""


def output(model: nn.Module, images: Tensor) -> Tensor:
    """The network's outputs for images, without a graph for gradients."""
    with torch.inference_mode():
        return model(images)


def difference(found: Tensor, said: Tensor) -> float:
    """The largest difference relative to the largest of ``said``; infinite where the shapes differ."""
    if found.shape != said.shape:
        return float("inf")
    return float((found - said).abs().max() / said.abs().max().clamp(min=1e-12))
