"""Whose page is drawn next: what a person did goes before what is drawn again by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from pruning.limits import PAGES_AT_ONCE

LOOK = 0.05
"""Seconds between two looks at whether what waits is still wanted."""


class Turns:
    """Few pages are drawn at the same time, the others wait.

    Python computes in one thread at a time. With thirty pages at it together all would be ready as late as the last
    one, and the server's own thread, which takes and gives messages, would hardly get a turn.
    """

    def __init__(self, count: int = PAGES_AT_ONCE) -> None:
        self._free, self._people = count, 0
        self._changed = threading.Condition()

    @contextmanager
    def take(self, person: bool, needless: Callable[[], bool] = lambda: False) -> Generator[bool]:
        """Wait for a turn, and have it for the body.

        Args:
            person: somebody waits for what comes: before all that is drawn again by itself.
            needless: asked while waiting: whether nobody wants it any more.

        Returns:
            Whether it is a turn; False where it became needless.
        """
        with self._changed:
            self._people += person
            try:
                while not (mine := self._changed.wait_for(lambda: self._turn(person), LOOK)) and not needless():
                    pass
                self._free -= mine
            finally:
                self._people -= person
        try:
            yield mine
        finally:
            with self._changed:
                self._free += mine
                self._changed.notify_all()

    def _turn(self, person: bool) -> bool:
        return self._free > 0 and (person or not self._people)


turns = Turns()
"""Those of this server."""
