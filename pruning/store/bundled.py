"""Results that come with the program (``assets/grids/*.json``): a first visit shows numbers without computing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pruning.common.errors import with_kind
from pruning.common.json_text import read_object
from pruning.store.records import StoredMeasure

log = logging.getLogger(__name__)


class Bundled:
    """All grids of a folder, read once, when first asked for.

    A grid is ``{"schema_version": 1, "made_by", "date", "machine", "torch", "measures": {key: {"state_key", "measure",
    "value", "seconds"}}}``; a measure that was added later has its own date and machine. One that cannot be read is
    left out, logged, and listed in ``problems``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.problems: list[str] = []
        self._lock = threading.Lock()
        self._measures: dict[str, StoredMeasure] | None = None

    def get(self, keys: Iterable[str]) -> dict[str, StoredMeasure]:
        """Those of the keys that are bundled."""
        with self._lock:
            if self._measures is None:
                self._measures = self._read()
        return {key: self._measures[key] for key in keys if key in self._measures}

    def _read(self) -> dict[str, StoredMeasure]:
        found: dict[str, StoredMeasure] = {}
        for path in sorted(self.folder.glob("*.json")):
            try:
                found.update(_grid(read_object(path.read_bytes())))
            except (OSError, ArithmeticError, ValueError, KeyError, TypeError, AttributeError) as error:
                problem = f"The bundled results {path.name} cannot be read ({with_kind(error)})."
                self.problems.append(problem)
                log.warning(problem)
        return found


def _grid(content: dict[str, Any]) -> dict[str, StoredMeasure]:
    if content.get("schema_version") != 1:
        raise ValueError(f"schema version {content.get('schema_version')!r} instead of 1")
    created, machine = _day(content["date"]), content["machine"]
    return {
        key: StoredMeasure(
            key=key,
            state_key=item["state_key"],
            measure=item["measure"],
            value=item["value"],
            seconds=float(item["seconds"]),
            device=item.get("device", content.get("device", "cpu")),
            images=item.get("images"),
            machine=item.get("machine", machine),
            created=_day(item["date"]) if "date" in item else created,
            origin="bundled",
        )
        for key, item in content["measures"].items()
    }


def _day(words: str) -> datetime:
    day = datetime.fromisoformat(words)
    return day if day.tzinfo else day.replace(tzinfo=UTC)
