"""The levels that a weight may take: scales, offsets, codes; rounding to the nearest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from pruning.network.number_format import NumberFormat

SMALLEST = float(torch.finfo(torch.float16).tiny)
"""Scales are kept in 16 bits where these hold them all: the smallest that is no subnormal."""
LARGEST = float(torch.finfo(torch.float16).max)


@dataclass(frozen=True)
class Format:
    """How a quantized weight is kept.

    Attributes:
        bits: of a code, 2 to 8; 16 for a floating-point format, which has values in place of codes.
        codes: uint8 like the weight, 0 to 2^bits - 1; or float16 / bfloat16 values.
        scale: float16 ``(rows, groups)``, or float32 where float16 cannot hold them; None for floating-point formats.
        zero: uint8 ``(rows, groups)``, the code of zero: zero itself is always a level.
        group: columns that share a scale.
        symmetric: whether ``zero`` is the middle code everywhere, and need not be kept.
    """

    bits: int
    codes: Tensor
    scale: Tensor | None = None
    zero: Tensor | None = None
    group: int = 0
    symmetric: bool = True

    def values(self) -> Tensor:
        """The weights, float32 in the weight's shape: (code - zero) * scale."""
        if self.scale is None or self.zero is None:
            return self.codes.float()
        codes = self.codes.flatten(1).float()
        scale, zero = (_spread(part.float(), self.group, codes.shape[1]) for part in (self.scale, self.zero))
        return ((codes - zero) * scale).view(self.codes.shape)

    def masked(self, mask: Tensor | None) -> Format:
        """The same with the codes of zero where the mask is False."""
        if mask is None:
            return self
        if self.zero is None:
            return replace(self, codes=self.codes.masked_fill(~mask, 0))
        zero = _spread(self.zero, self.group, self.codes.flatten(1).shape[1]).reshape(self.codes.shape)
        return replace(self, codes=torch.where(mask, self.codes, zero))


def _spread(part: Tensor, group: int, columns: int) -> Tensor:
    """``(rows, groups)`` to ``(rows, columns)``."""
    return part.repeat_interleave(group, dim=1)[:, :columns]


def fitted(weight: Tensor, form: NumberFormat) -> tuple[Tensor, Tensor]:
    """Scale and code of zero (uint8), each ``(rows, groups)``, for a weight ``(rows, columns)``.

    Scales are float16; float32 for the whole weight where some of them lie beyond that.
    Symmetric: scale = max|w| / (2^(b-1) - 1), and zero in the middle, so that 2 bits are -1, 0 and 1 times the scale.
    Otherwise scale = (max - min) / (2^b - 1) over a range that holds zero, and an integer zero point (Jacob et al.
    2018, section 2.1), so that pruned weights stay exactly zero.
    """
    group = form.group or weight.shape[1]
    lacking = -weight.shape[1] % group
    parts = torch.nn.functional.pad(weight, (0, lacking)).unflatten(1, (-1, group))
    if form.symmetric:
        high = 2 ** (form.bits - 1) - 1
        scale = _kept(parts.abs().amax(2) / high)
        return scale, torch.full_like(scale, high, dtype=torch.uint8)
    low, top = parts.amin(2).clamp(max=0), parts.amax(2).clamp(min=0)
    count = 2**form.bits - 1
    span = (top - low) / count
    scale = _kept(torch.where(span.isfinite(), span, top / count - low / count))
    return scale, (-low / scale.float()).round().clamp(0, 2**form.bits - 1).to(torch.uint8)


def _kept(scale: Tensor) -> Tensor:
    """As the file keeps them: in 16 bits, rounded up, so that the largest weight has a code; never zero.

    In 32 bits where some are too large for 16, or so small that the smallest would cost a weight a whole bit or more.
    """
    if bool(((scale > LARGEST) | ((scale > 0) & (scale < SMALLEST / 2))).any()):
        return scale.clamp(min=float(torch.finfo(torch.float32).tiny))
    half = scale.clamp(min=SMALLEST).half()
    up = torch.nextafter(half, torch.full_like(half, torch.inf))
    return torch.where(half.float() < scale, up, half)


def rounded(weight: Tensor, scale: Tensor, zero: Tensor, bits: int, symmetric: bool) -> Tensor:
    """The codes (uint8) nearest to weights; ``scale`` and ``zero`` broadcast to them. Halves go to the even level."""
    top = 2**bits - 2 if symmetric else 2**bits - 1
    return ((weight / scale.to(weight.dtype)).round() + zero).clamp(0, top).to(torch.uint8)


def nearest(weight: Tensor, form: NumberFormat) -> Format:
    """A weight rounded to the nearest levels.

    Args:
        weight: any shape; its first dimension are the output channels, the others its inputs in their order.
    """
    flat = weight.detach().flatten(1).float()
    if form.kept_as != "integer":
        kind = torch.float16 if form.kept_as == "float16" else torch.bfloat16
        top = torch.finfo(kind).max
        return Format(16, weight.detach().float().clamp(-top, top).to(kind))
    scale, zero = fitted(flat, form)
    group = form.group or flat.shape[1]
    spread = _spread(scale.float(), group, flat.shape[1]), _spread(zero, group, flat.shape[1])
    codes = rounded(flat, *spread, form.bits, form.symmetric).view(weight.shape)
    return Format(form.bits, codes, scale, zero, group, form.symmetric)
