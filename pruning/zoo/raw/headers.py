"""Arrays of strangers as their files announce them: looked at before anything is read, then a bit at a time.

What a header says of a size is held against the bytes that are there, and nothing is ever unpickled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from pruning.common.errors import BadValue, reason
from pruning.common.limits import ARRAY_MB

CHUNK_MB = 32


@dataclass(frozen=True)
class Header:
    """One array as its file announces it."""

    name: str
    open: Callable[[], IO[bytes]]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def chunks(self) -> Iterator[np.ndarray]:
        """The rows, some at a time."""
        row = math.prod(self.shape[1:]) * self.dtype.itemsize
        count = max(1, CHUNK_MB * 2**20 // max(row, 1))
        with self.open() as file:
            announced(file, self.name)
            for start in range(0, self.shape[0], count):
                rows = min(count, self.shape[0] - start)
                raw = file.read(rows * row)
                if len(raw) < rows * row:
                    raise BadValue(f"The array '{self.name}' ends before all of its numbers: save it again.")
                yield np.frombuffer(raw, self.dtype).reshape(rows, *self.shape[1:])

    def whole(self) -> np.ndarray:
        """All of it."""
        return np.concatenate(list(self.chunks())) if self.shape[0] else np.empty(self.shape, self.dtype)


def announced(file: IO[bytes], name: str) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape, number format, and where numbers begin.

    Raises:
        BadValue: pickled objects, columns first, or no array at all.
    """
    try:
        version = npy.read_magic(file)
        reads = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        shape, fortran, dtype = reads[version](file)
        begin = file.tell()
    except (ValueError, KeyError, EOFError, SyntaxError, TypeError) as error:
        raise BadValue(f"'{name}' is no array that can be read ({reason(error)}): save it with numpy.savez.") from None
    if dtype.hasobject:
        raise BadValue(
            f"The array '{name}' holds pickled Python objects, which can run code and are never read: save plain "
            "numbers, or words as numpy.array(words, dtype=str)."
        )
    if fortran and len(shape) > 1:
        raise BadValue(f"The array '{name}' is stored columns first: save numpy.ascontiguousarray of it.")
    return shape, dtype, begin


def true(header: Header, there: int) -> Header:
    """The header, where it says the truth within bounds."""
    said = math.prod(header.shape) * header.dtype.itemsize
    if not header.shape or said > ARRAY_MB * 2**20 or any(size < 0 for size in header.shape):
        raise BadValue(
            f"The array '{header.name}' says that it has the shape {str(header.shape)[:80]}: rows of at most "
            f"{ARRAY_MB:,} MB altogether are read."
        )
    if said != there:
        raise BadValue(f"The array '{header.name}' says {said:,} bytes and has {there:,}: it is damaged, or it lies.")
    return header
