"""A server's housekeeping, in a thread of its own: it says how the server stands, keeps artefacts within bounds, and
gives memory back that people who left have used."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pruning.common.errors import PruningError
from pruning.common.json_text import read_object
from pruning.common.limits import REST_SECONDS
from pruning.common.memory import rest
from pruning.engine import journal
from pruning.engine.health import Health, gone
from pruning.engine.heap import give_back, share
from pruning.store.artefacts import full
from pruning.store.store import Store
from pruning.store.tidy import make_room, tidy

log = logging.getLogger(__name__)

REPORT_SECONDS = 10.0
TIDY_SECONDS = 600.0
GARBAGE_SECONDS = 30.0
"""Pages leave garbage to Python (see .streamlit/config.toml), and a server that nobody uses would never collect it."""
FORGOTTEN_SECONDS = 24 * 3600.0
"""A report of this age is of a server that nobody will ask about any more."""
FOLDER = "servers"
"""Beside the kinds of artefacts; one small file a server."""


class Caretaker:
    """Started by a server that lives long; commands that compute one study need none.

    Args:
        look: how the engine stands now.
        forget: lets go of results that nobody looks at any more.
    """

    def __init__(
        self, store: Store, server: str, look: Callable[[], Health], forget: Callable[[], object] = lambda: None
    ) -> None:
        self.store, self.look, self.forget = store, look, forget
        self.place = store.artefacts.folder / FOLDER / f"{server.replace(':', '-')}.json"
        self._ended, self._due = threading.Event(), 0.0
        share()
        self._thread = threading.Thread(target=self._loop, name="pruning-caretaker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and take the report away."""
        self._ended.set()
        self._thread.join(10)
        self.place.unlink(missing_ok=True)

    def _loop(self) -> None:
        clean, rested = time.monotonic() + GARBAGE_SECONDS, time.monotonic() + REST_SECONDS
        while True:
            try:
                if time.monotonic() >= rested:
                    rested = time.monotonic() + REST_SECONDS
                    self.store.rest()
                if time.monotonic() >= clean:
                    clean = time.monotonic() + GARBAGE_SECONDS
                    self.forget()
                    rest(REST_SECONDS)
                    give_back()
                self._round()
            except Exception:
                log.exception("The caretaker met an error and goes on.")
            if self._ended.wait(REPORT_SECONDS):
                return

    def _round(self) -> None:
        try:
            self._write()
            if time.monotonic() >= self._due:
                self._due = time.monotonic() + TIDY_SECONDS
                freed = tidy(self.store)
                rows = self.store.trim_jobs()
                if freed or rows:
                    journal.note("tidied", freed=freed, jobs=rows)
        except (OSError, PruningError) as error:  # a full disk, a busy store: the next round tries again
            log.warning("Housekeeping was not done: %s", error)
            if full(error) or full(error.__cause__):
                make_room(self.store)

    def _write(self) -> None:
        """Replace the report as a whole; it is not worth waiting for the disk."""
        text = json.dumps(self.look().report())
        half = self.place.with_suffix(f".{os.getpid()}.tmp")
        self.place.parent.mkdir(parents=True, exist_ok=True)
        try:
            half.write_text(text, encoding="utf-8")
            os.replace(half, self.place)
        except OSError:
            half.unlink(missing_ok=True)
            raise


def reports(artefacts: Path) -> list[dict[str, Any]]:
    """The reports of all servers on a store that have not ended; those of dead ones are taken away."""
    found: dict[Path, dict[str, Any]] = {}
    for path in sorted((artefacts / FOLDER).glob("*.json")):
        try:
            report = read_object(path.read_bytes())
            if gone(report["server"]) or time.time() - report["at"] > FORGOTTEN_SECONDS:
                path.unlink(missing_ok=True)
            else:
                found[path] = report
        except (OSError, AttributeError, ValueError, KeyError, TypeError):
            continue  # it ended this moment, or is no report
    for path in [path for path, report in found.items() if any(_followed(report, one) for one in found.values())]:
        path.unlink(missing_ok=True)
        del found[path]
    return list(found.values())


def _followed(report: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether another server has its place: in a container that was started again each has the same process number."""
    place, following = (one["server"].rpartition(":")[0] for one in (report, other))
    return place == following and other.get("since", 0.0) > report["at"]
