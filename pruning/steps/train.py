"""Train: the weights that are left, under their masks; continued from its last checkpoint where there is one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from pruning.entries import Progress, Shelf
from pruning.errors import StoreError
from pruning.recipes import budget
from pruning.specs import Train
from pruning.state import State
from pruning.training.loop import opened, train_together
from pruning.training.session import Session
from pruning.training.trainee import Save

log = logging.getLogger(__name__)


def apply(step: Train, state: State, key: str, progress: Progress, shelf: Shelf | None = None) -> State:
    """The state after training; with a shelf, a training that was interrupted goes on where it stood.

    Raises:
        Missing: there are no training images for this model.
        Cancelled: through ``progress``; what was saved stays.
        StoreError: a checkpoint cannot be kept: the disk is full, say.
    """
    (after,) = together([(step, state, key)], [progress], shelf)
    return after


def together(
    works: Sequence[tuple[Train, State, str]], progresses: Sequence[Progress], shelf: Shelf | None = None
) -> list[State]:
    """The states after several trainings of one model and batch size, each as ``apply`` would make it; see there.

    A network that diverged in an earlier training is not trained further, until its weights are rewound.

    Args:
        works: step, the state that it trains, and the key of the state after it.
        progresses: one for each.
    """
    sessions: list[Session] = []
    for (step, state, key), progress in zip(works, progresses, strict=True):
        sessions.append(_opened(step, state, key, _from_the_start(state, progress), shelf))
    sound = [number for number, (_, state, _) in enumerate(works) if state.diverged is None]
    train_together([sessions[number] for number in sound], [_save(shelf, works[number][2]) for number in sound])
    after = []
    for (step, state, _), session in zip(works, sessions, strict=True):
        session.state.trace = _rows(state, session.records)
        if session.diverged is not None:
            session.state.diverged = budget(state.recipe) + session.diverged
        session.state.step = step
        after.append(session.state)
    return after


def _opened(step: Train, state: State, key: str, progress: Progress, shelf: Shelf | None) -> Session:
    """A session at its start, or where its checkpoint stands."""
    saved = shelf.read("training", key, ".pt") if shelf is not None else None
    try:
        return opened(state.next(key), step, progress, saved)
    except StoreError as error:  # a damaged checkpoint may have been read in part: begin with a fresh copy
        log.warning("%s", error)
        return opened(state.next(key), step, progress)


def _save(shelf: Shelf | None, key: str) -> Save | None:
    return None if shelf is None else lambda data: shelf.write("training", key, data, ".pt")


def _rows(state: State, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records of a training after those of the trainings before it, with the steps of all of them."""
    before = budget(state.recipe)
    return [*state.trace, *({**record, "total": before + record["step"]} for record in records)]


def _from_the_start(state: State, progress: Progress) -> Progress:
    """Partial results hold what earlier trainings of the recipe saw, too."""

    def told(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        if partial and "records" in partial:
            partial = {**partial, "records": _rows(state, partial["records"])}
        progress(done, total, note, partial)

    return told
