"""Which examples are right, one bit each, and arrays of numbers, as results keep them."""

from __future__ import annotations

import base64
import zlib
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


def text_of(values: np.ndarray) -> str:
    """An array of numbers as text that JSON can hold: compressed, then base 85; ``array_of`` reads it.

    The first bytes of all numbers come first, then the second ones: what is alike stands together.
    """
    little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    planes = np.frombuffer(little.tobytes(), np.uint8).reshape(-1, values.dtype.itemsize).T
    return base64.b85encode(zlib.compress(planes.tobytes(), 9)).decode("ascii")


def array_of(text: str, dtype: str, *shape: int) -> np.ndarray:
    """The array of a type and shape that ``text_of`` made a text of.

    >>> array_of(text_of(np.array([[1, 300], [70, 4]], dtype="uint16")), "uint16", 2, 2).tolist()
    [[1, 300], [70, 4]]
    """
    kind = np.dtype(dtype).newbyteorder("<")
    planes = np.frombuffer(zlib.decompress(base64.b85decode(text)), np.uint8).reshape(kind.itemsize, -1)
    return np.frombuffer(planes.T.tobytes(), kind).reshape(shape).astype(dtype)
