"""What the C library does with memory that was freed: workers keep it while they compute, and give it back at rest.

Dask starts workers with ``MALLOC_TRIM_THRESHOLD_=65536``: every activation of every batch is then memory that the
system maps anew, page by page. A sweep of LeNet-5 took 1.7 times as long so.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
import time

from pruning.common.limits import REST_SECONDS
from pruning.common.memory import rest

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Of glibc's malloc.h: free bytes at the heap's end that are given back at once; allocations that are mapped alone; how
many heaps the threads of a process share."""
ARENAS = 2
"""Heaps of a server."""
MAPPED = 32 * 2**20
"""Bytes. The highest that glibc takes, which it finds by itself in processes that say nothing."""


def keep() -> None:
    """Let freed memory serve the next allocation, as in a process that Dask did not start."""
    _ask("mallopt", M_MMAP_THRESHOLD, MAPPED)
    _ask("mallopt", M_TRIM_THRESHOLD, 2 * MAPPED)


def share() -> None:
    """Let all threads of a server take their memory from few heaps.

    Each page is drawn in a thread of its own, and a heap of its own would stay for each object in it that is still
    needed. As these threads compute one at a time, they hardly ever wait for each other here.
    """
    _ask("mallopt", M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Collect garbage, and let the operating system have what is free."""
    gc.collect()
    _ask("malloc_trim", 0)


def _ask(function: str, *numbers: int) -> None:
    """Call a function of glibc; another C library has rules of its own."""
    with contextlib.suppress(OSError, AttributeError):
        if sys.platform == "linux":
            getattr(ctypes.CDLL("libc.so.6"), function)(*numbers)


class Rest:
    """When a worker rests: its memory is looked after only then, as long tasks use again what they began with."""

    def __init__(self) -> None:
        self._tasks, self._since, self._owed = 0, time.monotonic(), False

    def begun(self) -> None:
        """A task begins."""
        self._tasks += 1

    def ended(self) -> None:
        """It has ended."""
        self._tasks -= 1
        self._since, self._owed = time.monotonic(), True

    def look(self) -> None:
        """Give back, once, what the last tasks have freed, and forget what nobody has used for long since."""
        if self._tasks:
            return
        forgotten = time.monotonic() - self._since >= REST_SECONDS and rest(REST_SECONDS)
        if self._owed or forgotten:
            self._owed = False
            give_back()
