"""A small Vision Transformer (Dosovitskiy et al. 2021), with attention written out in plain Linear layers.

``nn.MultiheadAttention`` hides query, key and value in one parameter and, in eval mode, takes a fused path
that hooks and MAC counters do not see; written out, a head is a slice of four ordinary weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Multi-head self-attention over ``(batch, tokens, dim)``; ``num_heads`` may shrink when heads are removed."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads, self.head_dim = num_heads, dim // num_heads
        self.query, self.key, self.value = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, _ = x.shape

        def heads(t: Tensor) -> Tensor:
            return t.view(batch, tokens, self.num_heads, self.head_dim).transpose(1, 2)

        mixed = F.scaled_dot_product_attention(heads(self.query(x)), heads(self.key(x)), heads(self.value(x)))
        return self.out(mixed.transpose(1, 2).reshape(batch, tokens, self.num_heads * self.head_dim))


class TransformerBlock(nn.Module):
    """Pre-norm transformer block: attention, then a GELU MLP, each added to the residual stream."""

    def __init__(self, dim: int, num_heads: int, hidden: int) -> None:
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(dim), Attention(dim, num_heads)
        self.norm2 = nn.LayerNorm(dim)
        self.fc1, self.fc2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class SmallViT(nn.Module):
    """Patches as tokens, a class token, ``depth`` blocks, a linear head on the class token.

    Input ``(batch, channels, side, side)`` in float, output ``(batch, classes)`` logits.
    """

    def __init__(
        self,
        *,
        side: int = 28,
        patch: int = 4,
        channels: int = 1,
        dim: int = 64,
        depth: int = 4,
        num_heads: int = 4,
        hidden: int = 128,
        classes: int = 10,
    ) -> None:
        super().__init__()
        self.patches = nn.Conv2d(channels, dim, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.side = side // patch
        self.positions = nn.Parameter(torch.randn(1, (side // patch) ** 2 + 1, dim) * 0.02)
        self.blocks = nn.Sequential(*(TransformerBlock(dim, num_heads, hidden) for _ in range(depth)))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def _positions(self, side: int) -> Tensor:
        """Position embeddings for a grid of ``side`` patches; another side than the built one is interpolated."""
        if side == self.side:
            return self.positions
        grid = self.positions[:, 1:].transpose(1, 2).unflatten(2, (self.side, self.side))
        grid = F.interpolate(grid, size=side, mode="bicubic", align_corners=False).flatten(2).transpose(1, 2)
        return torch.cat([self.positions[:, :1], grid], 1)

    def forward(self, x: Tensor) -> Tensor:
        grid = self.patches(x)
        tokens = grid.flatten(2).transpose(1, 2)
        first = self.class_token.expand(grid.shape[0], -1, -1)  # len() would fix the batch size in an export
        tokens = torch.cat([first, tokens], 1) + self._positions(grid.shape[-1])
        return self.head(self.norm(self.blocks(tokens)[:, 0]))
