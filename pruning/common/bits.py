"""Which examples are right, as results keep it: one bit each."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np


def packed(right: np.ndarray) -> dict[str, Any]:
    """Which images are right, bool ``(count,)``, as results keep it: ``count``; ``correct``, how many are; ``right``:
    base64 of their bits, eight to a byte with the first image in the highest bit, the last byte filled with zeros.

    >>> kept = packed(np.array([True, False, True, True]))
    >>> kept
    {'count': 4, 'correct': 3, 'right': 'sA=='}
    >>> unpacked(kept).tolist()
    [True, False, True, True]
    """
    bits = base64.b64encode(np.packbits(right).tobytes()).decode("ascii")
    return {"count": len(right), "correct": int(right.sum()), "right": bits}


def unpacked(value: Mapping[str, Any]) -> np.ndarray:
    """Which images are right, bool ``(count,)``, from a result that holds what ``packed`` made."""
    bits = np.frombuffer(base64.b64decode(value["right"]), dtype=np.uint8)
    return np.unpackbits(bits, count=value["count"]).astype(bool)
