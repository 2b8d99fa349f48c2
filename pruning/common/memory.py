"""A bounded memory of things that took work to make, safe between threads."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar
from weakref import WeakSet, WeakValueDictionary

T = TypeVar("T")
P = ParamSpec("P")

_named: WeakValueDictionary[str, Recent[Any]] = WeakValueDictionary()
_every: WeakSet[Recent[Any]] = WeakSet()
_foreign: list[Callable[[], int]] = []
_joining = threading.Lock()
"""While a memory joins the others, or all are listed: modules are imported in any thread."""


class Recent(Generic[T]):
    """The last ``limit`` values, by key; the least recently used goes first.

    (For a function's results by its arguments see ``remembered``.)

    Args:
        name: what it holds, in a word, for ``sizes``.

    >>> memory = Recent(limit=2)
    >>> memory.put("a", 1), memory.put("b", 2), memory.get("a"), memory.put("c", 3)
    (1, 2, 1, 3)
    >>> memory.get("b") is None  # "a" was used after it
    True
    """

    def __init__(self, limit: int, name: str = "") -> None:
        self.limit = limit
        with _joining:
            _every.add(self)
            if name:
                _named[name] = self
        self._items: OrderedDict[Hashable, tuple[T, float]] = OrderedDict()  # with the time of the last use
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        """The value, which becomes the most recent, or None."""
        with self._lock:
            if key not in self._items:
                return None
            value, _ = self._items.pop(key)
            self._items[key] = value, time.monotonic()
            return value

    def put(self, key: Hashable, value: T) -> T:
        """Keep a value; returns it."""
        with self._lock:
            self._items.pop(key, None)
            self._items[key] = value, time.monotonic()
            while len(self._items) > self.limit:
                self._items.popitem(last=False)
        return value

    def get_or_make(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value, made now if it is not there; made outside the lock, so two threads may both make it."""
        found = self.get(key)
        return found if found is not None else self.put(key, make())

    def drop(self, key: Hashable) -> None:
        """Forget a value, if it is there."""
        with self._lock:
            self._items.pop(key, None)

    def rest(self, seconds: float) -> int:
        """Forget what nobody has used for so long; returns how many values went."""
        before, gone = time.monotonic() - seconds, 0
        with self._lock:
            while self._items and next(iter(self._items.values()))[1] < before:
                self._items.popitem(last=False)
                gone += 1
        return gone

    def __len__(self) -> int:
        return len(self._items)


def remembered(limit: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """As ``functools.lru_cache``: the function's last ``limit`` results, by its arguments, which must be hashable. What
    nobody uses is forgotten, as in any memory here. ``None`` is not remembered.

    >>> @remembered(limit=10)
    ... def square(number: int) -> int:
    ...     print("computing")
    ...     return number**2
    >>> square(3), square(3)
    computing
    (9, 9)
    """

    def decorate(make: Callable[P, T]) -> Callable[P, T]:
        memory: Recent[T] = Recent(limit)

        @wraps(make)
        def call(*args: P.args, **named: P.kwargs) -> T:
            return memory.get_or_make((args, tuple(sorted(named.items()))), lambda: make(*args, **named))

        return call

    return decorate


def sizes() -> dict[str, tuple[int, int]]:
    """For each named memory of this process how many values it holds, and at most may hold."""
    with _joining:
        named = sorted(_named.items())
    return {name: (len(memory), memory.limit) for name, memory in named}


def also(forget: Callable[[], int]) -> None:
    """Call this too when memories are looked through: it forgets elsewhere what is no longer of use there, and returns
    how many values went."""
    with _joining:
        if forget not in _foreign:
            _foreign.append(forget)


def rest(seconds: float) -> int:
    """Forget in all memories of this process what nobody has used for so long; returns how many values went."""
    with _joining:
        every, foreign = list(_every), list(_foreign)
    return sum(memory.rest(seconds) for memory in every) + sum(forget() for forget in foreign)
