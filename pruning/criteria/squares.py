"""Squares of numbers whose squares float32 cannot hold: all of them times one power of two, which changes no order."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

SMALLEST = 2.0**-63
"""Below this a square is no normal float32."""
ROOM = 50
"""The largest numbers become two to this at most, so that 2^27 squares can be summed."""


def squares(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The squares of several tensors, float32 (float64 of float64), comparable with each other.

    Where all of them, beside zeros, are normal numbers they are the squares themselves. Else each is the square of the
    value times one power of two for all, as large as the largest leaves room for: orders and ratios stay.
    """
    wide = {name: value.to(torch.promote_types(value.dtype, torch.float32)) for name, value in values.items()}
    power = lift(wide)
    return {name: (value * 2.0**power if power else value).square() for name, value in wide.items()}


def lift(values: Mapping[str, Tensor]) -> int:
    """The power of two by which values are multiplied before they are squared; 0 where none is too small or large."""
    sizes = [value.detach().abs() for value in values.values() if value.numel()]
    low = min((float(torch.where(size > 0, size, torch.inf).min()) for size in sizes), default=math.inf)
    high = max((float(size.max()) for size in sizes), default=0.0)
    if not math.isfinite(high) or (low >= SMALLEST and high <= 2.0**ROOM):
        return 0
    return max(-127, min(127, ROOM - math.frexp(high)[1]))  # a power is a float32 itself
