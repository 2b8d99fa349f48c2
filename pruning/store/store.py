"""What is kept: measures, runs and jobs in a database, artefacts as files. Opening it is cheap, in every process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from pruning.common.environment import ASSETS, Settings
from pruning.common.errors import StoreError
from pruning.store.artefacts import Artefacts, full
from pruning.store.bundled import Bundled
from pruning.store.connect import no_room
from pruning.store.jobs import Jobs
from pruning.store.measures import Measures
from pruning.store.persons import Persons
from pruning.store.runs import Runs
from pruning.store.tidy import make_room

T = TypeVar("T")


class Store(Measures, Runs, Jobs, Persons):
    """A database by URL and a folder of artefacts. Use one from as many threads as you like.

    Args:
        settings: where they are; whether runs belong to their owners.
        grids: folder of bundled results.

    Raises:
        StoreError: when the database cannot be opened or has another schema version.
    """

    def __init__(self, settings: Settings, grids: Path = ASSETS / "grids") -> None:
        super().__init__(settings.store)
        self.artefacts = Artefacts(settings.artefacts)
        self.bundled = Bundled(grids)
        self.owners = settings.owners

    @classmethod
    def open(cls, url: str, artefacts: Path | str, *, owners: bool = False) -> Store:
        """A store by URL and folder, without further settings."""
        return cls(Settings(store=url, artefacts=Path(artefacts), owners=owners))

    def transact(self, work: Callable[[sa.Connection], T]) -> T:
        """One transaction; see ``Database.transact``. On a full disk old artefacts make room for it."""
        return self._with_room(partial(super().transact, work))

    def write(self, kind: str, key: str, data: bytes, suffix: str) -> Path:
        """Write an artefact file; see ``Artefacts.write``. On a full disk older ones make room for it."""
        return self._with_room(partial(self.artefacts.write, kind, key, data, suffix), len(data))

    def _with_room(self, attempt: Callable[[], T], wanted: int = 0) -> T:
        """Once more, if the disk was full and so many bytes, or some, could be made room for."""
        try:
            return attempt()
        except StoreError as error:
            why = error.__cause__
            if not (full(why) or no_room(why)) or not make_room(self, wanted):
                raise
        return attempt()

    def path(self, kind: str, key: str, suffix: str) -> Path | None:
        """Where an artefact file is, if it is; see ``Artefacts.path``."""
        return self.artefacts.path(kind, key, suffix)

    def read(self, kind: str, key: str, suffix: str) -> bytes | None:
        """An artefact file's content, or None when there is none."""
        place = self.artefacts.path(kind, key, suffix)
        try:
            return None if place is None else place.read_bytes()
        except FileNotFoundError:  # deleted this moment
            return None
