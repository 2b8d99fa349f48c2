"""Whose page is drawn next: who is at work, then who has just come, then what is drawn again by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from pruning.common.limits import PAGES_AT_ONCE

LOOK = 0.05
"""Seconds between two looks at whether what waits is still wanted."""
LONG = 3.0
"""Seconds after which a turn keeps nobody back: such a page waits for something else than Python, a database perhaps,
and nobody else should wait with it.

It rests on ``make load``: of 1,099 responses to thirty people the longest took 1.3 s, waiting for its turn included
(two cores of a Xeon, 2026-11-28). So a page that only draws is hardly ever overtaken, and where it is, two that draw at
once are slower, not wrong; and nobody waits for the 15 s that a held database may keep a page (``LOCK_SECONDS`` of the
store).
"""


class Turns:
    """Few pages are drawn at the same time, the others wait.

    Python computes in one thread at a time. With thirty pages at it together all would be ready as late as the last
    one, and the server's own thread, which takes and gives messages, would hardly get a turn.
    """

    def __init__(self, count: int = PAGES_AT_ONCE, long: float = LONG) -> None:
        self._count, self._long, self._people, self._settled = count, long, 0, 0
        self._held: list[float] = []  # since when
        self._changed = threading.Condition()

    @contextmanager
    def take(self, person: bool, needless: Callable[[], bool] = lambda: False, new: bool = False) -> Generator[bool]:
        """Wait for a turn, and have it for the body.

        Args:
            person: somebody waits for what comes: before all that is drawn again by itself.
            needless: asked while waiting: whether nobody wants it any more.
            new: the person came a moment ago: after those who are at work, so that whoever opens one page after the
                other, and leaves, does not hold them up.

        Returns:
            Whether it is a turn; False where it became needless.
        """
        with self._changed:
            self._people += person
            self._settled += person and not new
            try:
                while not (mine := self._changed.wait_for(lambda: self._turn(person, new), LOOK)) and not needless():
                    pass
                began = time.monotonic()
                self._held += [began] * mine
            finally:
                self._people -= person
                self._settled -= person and not new
        try:
            yield mine
        finally:
            with self._changed:
                if mine:
                    self._held.remove(began)
                self._changed.notify_all()

    def _turn(self, person: bool, new: bool) -> bool:
        drawing = sum(time.monotonic() - began < self._long for began in self._held)
        return drawing < self._count and not (self._settled if new else 0 if person else self._people)


turns = Turns()
"""Those of this server."""
