"""Attention layers whose heads need not fill the width of the stream: what stands in for those that insist on it.

``nn.MultiheadAttention`` and torchvision's Swin attention take a head's width to be the stream's over the number of
heads. Without some of their heads that is no longer so; the layers here keep the width and compute the same from the
same parameters, under the same names.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SWIN = "torchvision.models.swin_transformer"
APART = -100.0
"""What Swin adds between tokens of one window that are no neighbours in the image (Liu et al. 2021)."""


def standing_in(module: nn.Module, heads: int) -> nn.Module | None:
    """What takes the place of an attention layer of whose parameters only these heads are left.

    Args:
        module: with the parameters that are left.
        heads: number of heads left.

    Returns:
        A module with the same parameters; None where a number of heads is all that must be changed.

    Raises:
        ValueError: it attends to keys of its own (``add_bias_kv``, ``add_zero_attn``), which is not known here.
    """
    if isinstance(module, nn.MultiheadAttention):
        return FewerHeads(module, heads)
    if type(module).__module__ == SWIN and hasattr(module, "relative_position_index"):
        return WindowHeads(module, heads)
    return None


class FewerHeads(nn.MultiheadAttention):
    """``nn.MultiheadAttention`` with heads of their own width; called, and its parameters named, alike.

    A mask per head (three dimensions) is refused: it was made for all heads.
    """

    def __init__(self, whole: nn.MultiheadAttention, heads: int) -> None:
        nn.Module.__init__(self)  # the parent's would draw weights of the full width
        if whole.bias_k is not None or whole.add_zero_attn:
            raise ValueError("attention to keys of its own")
        self.embed_dim, self.num_heads = whole.out_proj.out_features, heads
        self.head_dim = whole.out_proj.in_features // heads
        self.batch_first, self.dropout, self.training = whole.batch_first, whole.dropout, whole.training
        # No fused path: torch's takes the heads' width from the stream's.
        self._qkv_same_embed_dim, self.add_zero_attn, self.bias_k, self.bias_v = False, False, None, None
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias"):
            self.register_parameter(name, getattr(whole, name))
        self.out_proj = whole.out_proj

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """As the parent's. The weights returned are those of the heads that are left."""
        place = 1 if self.batch_first and query.ndim == 3 else 0  # of the tokens
        q, k, v = (self._split(t).movedim(place, -2) for t in self._projected(query, key, value))
        masks = [_added(mask, q) for mask in (attn_mask, key_padding_mask) if mask is not None]
        if key_padding_mask is not None and key_padding_mask.ndim == 2:
            masks[-1] = masks[-1][:, None, None]
        mask = sum(masks[1:], masks[0]) if masks else None
        if need_weights:
            scores = q @ k.mT * self.head_dim**-0.5
            weights = (scores if mask is None else scores + mask).softmax(-1)
            mixed = F.dropout(weights, self.dropout, self.training) @ v
            shown = weights.mean(-3) if average_attn_weights else weights
        else:
            mixed = F.scaled_dot_product_attention(q, k, v, mask, self.dropout if self.training else 0.0)
            shown = None
        return self.out_proj(mixed.movedim(-2, place).flatten(-2)), shown

    def _projected(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, ...]:
        """Query, key and value of all heads side by side."""
        if self.in_proj_weight is not None and query is key and key is value:
            return F.linear(query, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        if self.in_proj_weight is not None:
            weights = self.in_proj_weight.chunk(3)
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        return tuple(F.linear(*each) for each in zip((query, key, value), weights, biases, strict=True))

    def _split(self, t: Tensor) -> Tensor:
        return t.unflatten(-1, (self.num_heads, self.head_dim))


def _added(mask: Tensor, like: Tensor) -> Tensor:
    """A mask as numbers that are added to scores; in masks of bool, True bars."""
    if mask.ndim > 2:
        raise ValueError("a mask per head")
    if mask.dtype != torch.bool:
        return mask.to(like.dtype)
    return torch.zeros_like(mask, dtype=like.dtype).masked_fill(mask, -torch.inf)


class WindowHeads(nn.Module):
    """Attention within shifted windows, with heads of their own width (Swin: Liu et al. 2021; V2: Liu et al. 2022).

    Takes and gives ``(batch, height, width, channels)``. Parameters are those of torchvision's layer: a position bias
    per head in a table, or (V2) made by a small network, and then cosine attention with a scale per head.
    """

    qkv: nn.Linear
    proj: nn.Linear
    cpb_mlp: nn.Module
    logit_scale: Tensor
    relative_position_bias_table: Tensor
    relative_position_index: Tensor
    relative_coords_table: Tensor

    def __init__(self, whole: Any, heads: int) -> None:
        super().__init__()
        self.num_heads, self.head_dim = heads, whole.proj.in_features // heads
        self.window_size, self.shift_size = list(whole.window_size), list(whole.shift_size)
        self.attention_dropout, self.dropout, self.training = whole.attention_dropout, whole.dropout, whole.training
        for name, parameter in whole.named_parameters(recurse=False):
            self.register_parameter(name, parameter)
        for name, buffer in whole.named_buffers(recurse=False):
            self.register_buffer(name, buffer)
        for name, module in whole.named_children():
            self.add_module(name, module)
        self.cosine = hasattr(whole, "logit_scale")

    def forward(self, x: Tensor) -> Tensor:
        """Attention within each window; windows that the shift folds over the edge keep their two sides apart."""
        (rows, columns), (height, width) = self.window_size, x.shape[1:3]
        x = F.pad(x, (0, 0, 0, -width % columns, 0, -height % rows))
        sides = x.shape[1:3]
        shift = [0 if s <= w else by for s, w, by in zip(sides, self.window_size, self.shift_size, strict=True)]
        if any(shift):
            x = x.roll((-shift[0], -shift[1]), (1, 2))
        q, k, v = self._projected(_windows(x, rows, columns))
        scores = q @ k.mT + self._positions()
        if any(shift):
            scores = scores + self._apart(sides, shift, x)
        weights = F.dropout(scores.softmax(-1), self.attention_dropout, self.training)
        mixed = self.proj((weights @ v).transpose(2, 3).flatten(-2))
        grid = mixed.unflatten(2, (rows, columns)).unflatten(1, (sides[0] // rows, sides[1] // columns))
        x = F.dropout(grid.transpose(2, 3).flatten(3, 4).flatten(1, 2), self.dropout, self.training)
        if any(shift):
            x = x.roll((shift[0], shift[1]), (1, 2))
        return x[:, :height, :width].contiguous()

    def _projected(self, tokens: Tensor) -> tuple[Tensor, ...]:
        """Query, key and value, each ``(batch, windows, heads, tokens, width)``; the scale is in the query."""
        bias = self.qkv.bias
        if self.cosine and bias is not None:  # V2's keys have none, whatever the file holds
            bias = torch.cat([part * (number != 1) for number, part in enumerate(bias.chunk(3))])
        all_three = F.linear(tokens, self.qkv.weight, bias).unflatten(-1, (3, self.num_heads, self.head_dim))
        q, k, v = all_three.permute(3, 0, 1, 4, 2, 5)
        if not self.cosine:
            return q * self.head_dim**-0.5, k, v
        return F.normalize(q, dim=-1) * self.logit_scale.clamp(max=math.log(100.0)).exp(), F.normalize(k, dim=-1), v

    def _positions(self) -> Tensor:
        """The bias between each two places of a window, ``(heads, tokens, tokens)``."""
        size = math.prod(self.window_size)
        if self.cosine:
            table = 16 * self.cpb_mlp(self.relative_coords_table).flatten(0, -2).sigmoid()
        else:
            table = self.relative_position_bias_table
        return table[self.relative_position_index].unflatten(0, (size, size)).permute(2, 0, 1)

    def _apart(self, sides: tuple[int, ...], shift: list[int], like: Tensor) -> Tensor:
        """What keeps the two sides of a fold apart, ``(windows, 1, tokens, tokens)``."""
        down, right = (torch.arange(s, device=like.device) >= s - by for s, by in zip(sides, shift, strict=True))
        zone = _windows((2 * down[:, None] + right)[None, :, :, None], *self.window_size)[0, :, :, 0]
        return torch.where(zone[:, :, None] == zone[:, None], 0.0, APART).to(like.dtype)[:, None]


def _windows(x: Tensor, rows: int, columns: int) -> Tensor:
    """``(batch, height, width, c)`` cut into windows, ``(batch, windows, tokens, c)``."""
    cells = x.unflatten(2, (-1, columns)).unflatten(1, (-1, rows))
    return cells.transpose(2, 3).flatten(3, 4).flatten(1, 2)
