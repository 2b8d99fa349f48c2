"""Artefacts within their bounds: of each kind the oldest go first, and never one that is in use.

A file is in use when somebody wrote or read it within ``ARTEFACT_REST_SECONDS`` (a training saves its checkpoint every
few seconds), or when a training of an unfinished job, of whichever server, would go on from it. Whoever loses a file
computes it again: artefacts hold nothing that a study does not give. So a disk that is full of them refuses no work:
the oldest are given up then, even those of the last hour.

Any number of processes may clean up at once, and any of them may die in the middle: each file is deleted whole or not
at all, in the same order by all, and a file that another one deleted counts as deleted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from pruning.common.errors import PruningError
from pruning.common.limits import ARTEFACT_MB, ARTEFACT_REST_SECONDS, FULL_DISK_REST_SECONDS, OTHER_ARTEFACT_MB, ROOM_MB

if TYPE_CHECKING:
    from pruning.store.artefacts import Artefact, Artefacts
    from pruning.store.records import StoredJob

log = logging.getLogger(__name__)


class Tidied(Protocol):
    """What cleaning up needs of a store."""

    artefacts: Artefacts

    def unfinished(self) -> list[StoredJob]: ...


def tidy(store: Tidied, bounds: Mapping[str, int] = ARTEFACT_MB) -> dict[str, int]:
    """Delete what is beyond the bounds, and what dead processes left half-written.

    Args:
        bounds: megabytes by kind; kinds that are not named have ``OTHER_ARTEFACT_MB``.

    Returns:
        Bytes that were freed, by kind; kinds within their bounds are left out.

    Raises:
        StoreError: the store cannot say which jobs are unfinished; nothing is deleted then.
    """
    store.artefacts.sweep()
    freed = {}
    needed: frozenset[str] | None = None
    for kind, files in store.artefacts.listed().items():
        bound = bounds.get(kind, OTHER_ARTEFACT_MB) * 10**6
        if sum(file.bytes for file in files) <= bound:
            continue
        if needed is None:  # hashing the recipes of all unfinished jobs takes a while: only when it matters
            needed = frozenset(_needed(store))
        freed[kind] = _trim(store, files, bound, needed)
    return freed


def make_room(store: Tidied, wanted: int = 0) -> int:
    """The disk is full: delete the oldest artefacts of all kinds, until so many bytes and ``ROOM_MB`` went or nothing
    more may go. Returns the bytes that were freed; 0 also where nobody can say what unfinished jobs need."""
    files = [file for found in store.artefacts.listed().values() for file in found]
    try:
        needed = frozenset(_needed(store)) if files else frozenset()
    except PruningError:
        return 0
    bound = sum(file.bytes for file in files) - wanted - ROOM_MB * 10**6
    freed = _trim(store, files, max(0, bound), needed, FULL_DISK_REST_SECONDS)
    if freed:
        log.warning("The disk is full: %.1f MB of the oldest artefacts were given up.", freed / 1e6)
    return freed


def _trim(
    store: Tidied, files: Iterable[Artefact], bound: int, needed: frozenset[str], rest: float = ARTEFACT_REST_SECONDS
) -> int:
    """Delete the oldest until what is left is within the bound; returns the bytes that went."""
    files = sorted(files, key=lambda file: (file.used, file.key))
    before = left = sum(file.bytes for file in files)
    rested = time.time() - rest
    for file in files:
        if left <= bound or file.used > rested:  # all that follow were used later still
            break
        if file.key not in needed and store.artefacts.drop(file):
            left -= file.bytes
    return before - left


def _needed(store: Tidied) -> Iterable[str]:
    """Keys of all states on the way of unfinished jobs."""
    from pruning.study.study import load_study

    for job in store.unfinished():
        try:
            study = load_study(job.study)
        except PruningError:
            continue  # of another version: nobody can run it any more
        for cell in study.cells():
            for length in range(1, len(cell.recipe) + 1):
                yield cell.base.state_key(cell.recipe[:length])
