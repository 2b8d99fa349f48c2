"""How much room the store takes, and how much is left."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pruning.common.limits import ARTEFACT_MB, DISK_MB, OTHER_ARTEFACT_MB
from pruning.store.schema import jobs

if TYPE_CHECKING:
    from pruning.store.store import Store


@dataclass(frozen=True)
class StoreFootprint:
    """Bytes of a store.

    Attributes:
        database: of the database; None where that is not known.
        artefacts: for each kind of file how many there are, their bytes, and the bound in bytes.
        free, total: of the disk that holds the artefacts.
    """

    database: int | None
    artefacts: dict[str, tuple[int, int, int]]
    free: int
    total: int

    def problem(self) -> str:
        """One sentence when the disk is nearly full, else ""."""
        if self.free >= DISK_MB * 10**6:
            return ""
        return f"Only {self.free / 1e6:.0f} MB of disk are free: results cannot be stored soon."


def footprint(store: Store) -> StoreFootprint:
    """Measure a store.

    Raises:
        StoreError: the database does not answer.
    """
    kinds = {kind: (0, 0, bound * 10**6) for kind, bound in ARTEFACT_MB.items()}
    for kind, files in store.artefacts.listed().items():
        bound = ARTEFACT_MB.get(kind, OTHER_ARTEFACT_MB) * 10**6
        kinds[kind] = (len(files), sum(file.bytes for file in files), bound)
    place = store.artefacts.folder
    while not place.exists():  # nothing was written yet
        place = place.parent
    disk = shutil.disk_usage(place)
    return StoreFootprint(_database(store), kinds, disk.free, disk.total)


def _database(store: Store) -> int | None:
    """Bytes of the database; asking also tells whether it answers."""
    with store.transaction() as connection:
        if store.engine.dialect.name == "postgresql":
            return int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())
        connection.execute(sa.select(jobs.c.id).limit(1)).first()
    name = store.engine.url.database
    if store.engine.dialect.name != "sqlite" or not name:
        return None
    return sum(path.stat().st_size for path in (Path(name), Path(f"{name}-wal")) if path.exists())
