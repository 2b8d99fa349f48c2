"""A bounded memory of things that took work to make, safe between threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


_named: WeakValueDictionary[str, Recent[Any]] = WeakValueDictionary()


class Recent(Generic[T]):
    """The last ``limit`` values, by key; the least recently used goes first.

    (``functools.lru_cache`` keys on arguments; here the key is the content's name.)

    Args:
        name: what it holds, in a word, for ``sizes``.
    """

    def __init__(self, limit: int, name: str = "") -> None:
        self.limit = limit
        if name:
            _named[name] = self
        self._items: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> T | None:
        """The value, which becomes the most recent, or None."""
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
            return self._items.get(key)

    def put(self, key: str, value: T) -> T:
        """Keep a value; returns it."""
        with self._lock:
            self._items[key] = value
            self._items.move_to_end(key)
            while len(self._items) > self.limit:
                self._items.popitem(last=False)
        return value

    def get_or_make(self, key: str, make: Callable[[], T]) -> T:
        """The value, made now if it is not there; made outside the lock, so two threads may both make it."""
        found = self.get(key)
        return found if found is not None else self.put(key, make())

    def drop(self, key: str) -> None:
        """Forget a value, if it is there."""
        with self._lock:
            self._items.pop(key, None)

    def __len__(self) -> int:
        return len(self._items)


def sizes() -> dict[str, tuple[int, int]]:
    """For each named memory of this process how many values it holds, and at most may hold."""
    return {name: (len(memory), memory.limit) for name, memory in sorted(_named.items())}
