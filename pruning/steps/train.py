"""Train: the weights that are left, under their masks; continued from its last checkpoint where there is one."""

from __future__ import annotations

import logging
from typing import Any

from pruning.entries import Progress, Shelf
from pruning.errors import StoreError
from pruning.specs import Train
from pruning.state import State
from pruning.training.loop import opened, train

log = logging.getLogger(__name__)


def apply(step: Train, state: State, key: str, progress: Progress, shelf: Shelf | None = None) -> State:
    """The state after training; with a shelf, a training that was interrupted goes on where it stood.

    Raises:
        Missing: there are no training images for this model.
        Cancelled: through ``progress``; what was saved stays.
        StoreError: a checkpoint cannot be kept: the disk is full, say.
    """
    after = state.next(key)
    saved = shelf.read("training", key, ".pt") if shelf is not None else None
    save = None if shelf is None else lambda data: shelf.write("training", key, data, ".pt")
    before = state.trace[-1]["total"] if state.trace else 0

    def rows(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [*state.trace, *({**record, "total": before + record["step"]} for record in records)]

    def told(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        """Partial results hold what earlier trainings of the recipe saw, too."""
        if partial and "records" in partial:
            partial = {**partial, "records": rows(partial["records"])}
        progress(done, total, note, partial)

    try:
        session = opened(after, step, told, saved)
    except StoreError as error:  # a damaged checkpoint may have been read in part: begin with a fresh copy
        log.warning("%s", error)
        after = state.next(key)
        session = opened(after, step, told)
    train(session, save)
    after.trace = rows(session.records)
    after.diverged = session.diverged if session.diverged is not None else state.diverged
    return after
