"""Measured results by key."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from pruning.common.environment import machine
from pruning.common.errors import StoreError, reason
from pruning.common.limits import STORE_ROWS
from pruning.common.memory import Recent
from pruning.store.bundled import Bundled
from pruning.store.database import Database
from pruning.store.records import StoredMeasure
from pruning.store.schema import measures

CHUNK = 500
"""Keys in one query: databases bound the number of parameters."""
RECENT_LETTERS = 2**14
"""Longer results are read from the database each time."""
PACE_ROWS = 50
"""How many recent measures the pace is the median of."""
PACE_SECONDS = 5.0
"""So long a pace is taken for today's: pages and the engine ask for it again and again."""


class Measures(Database):
    """The table of measures, and behind it the bundled grids."""

    bundled: Bundled

    def __init__(self, url: str) -> None:
        super().__init__(url)
        # What a key names does not change, so that what was read once need not be asked of the database again.
        self._recent: Recent[Any] = Recent(STORE_ROWS, "rows")
        self._paces: Recent[tuple[float, float | None]] = Recent(STORE_ROWS)

    def get(self, keys: Iterable[str]) -> dict[str, StoredMeasure]:
        """Those of the keys that are known: from the database, else from the bundled grids.

        Raises:
            StoreError: when the database cannot be read.
        """
        wanted = list(dict.fromkeys(keys))
        known = {key: row for key in wanted if (row := self._recent.get(key)) is not None}
        asked = [key for key in wanted if key not in known]

        def work(connection: sa.Connection) -> None:
            for start in range(0, len(asked), CHUNK):
                query = measures.select().where(measures.c.key.in_(asked[start : start + CHUNK]))
                known.update((row.key, row) for row in connection.execute(query))

        if asked:
            self.transact(work)
            for key in asked:
                if key in known and len(known[key].value) <= RECENT_LETTERS:
                    self._recent.put(key, known[key])
        found = {key: _record(known[key]) for key in wanted if key in known}
        missing = [key for key in wanted if key not in found]
        return found | self.bundled.get(missing) if missing else found

    def put(
        self,
        key: str,
        value: dict[str, Any],
        *,
        state_key: str,
        measure: str,
        model: str,
        device: str,
        images: int | None,
        seconds: float,
    ) -> None:
        """Store one result, or replace it; one transaction.

        Args:
            value: plain JSON data without NaN or infinity.
            measure: its registered name.
            images: over how many images it was measured or trained, if over any.
            seconds: what measuring took.

        Raises:
            StoreError: for a value that JSON does not have, or when the database cannot be written.
        """
        try:
            text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        except ValueError:
            raise StoreError(f"The result {key} ({measure}) holds NaN or infinity and was not stored.") from None
        except TypeError as error:
            raise StoreError(
                f"The result {key} ({measure}) is not plain data and was not stored: {reason(error)}."
            ) from None
        row = {
            "state_key": state_key,
            "measure": measure,
            "model": model,
            "device": device,
            "machine": machine(),
            "images": images,
            "seconds": float(seconds),
            "created": time.time(),
            "value": text,
        }
        self.upsert(measures, {"key": key}, row, row)
        self._recent.drop(key)
        self._paces.drop((model, device, measure))

    def pace(self, model: str, device: str, measure: str = "accuracy") -> float | None:
        """Median seconds an image of a measure's recent results for this model on this machine; None before the first.

        A ``trace`` was measured over the images that were trained on for it: its pace is that of training. It may be a
        few seconds old, unless this process itself has stored a result since.
        """
        known = self._paces.get((model, device, measure))
        if known is not None and time.monotonic() - known[0] < PACE_SECONDS:
            return known[1]
        query = (
            sa.select(measures.c.seconds, measures.c.images)
            .where(
                measures.c.model == model,
                measures.c.device == device,
                measures.c.machine == machine(),
                measures.c.measure == measure,
                measures.c.images > 0,
            )
            .order_by(measures.c.created.desc())
            .limit(PACE_ROWS)
        )
        rows = self.transact(lambda connection: connection.execute(query).all())
        pace = statistics.median(row.seconds / row.images for row in rows) if rows else None
        self._paces.put((model, device, measure), (time.monotonic(), pace))
        return pace


def _record(row: Any) -> StoredMeasure:
    return StoredMeasure(
        key=row.key,
        state_key=row.state_key,
        measure=row.measure,
        value=json.loads(row.value),
        seconds=row.seconds,
        device=row.device,
        images=row.images,
        machine=row.machine,
        created=datetime.fromtimestamp(row.created, UTC),
        origin="stored",
    )
