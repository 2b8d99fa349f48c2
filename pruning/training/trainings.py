"""Trainings of one model as one computation, each continued from its last checkpoint where there is one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from pruning.common.errors import Incompatible, StoreError
from pruning.common.progress import Progress, Shelf
from pruning.common.spec import Step
from pruning.state import State
from pruning.training.loop import opened, train_together
from pruning.training.options import TrainingOptions, budget
from pruning.training.session import Session
from pruning.training.trainee import Save

log = logging.getLogger(__name__)


def together(
    works: Sequence[tuple[TrainingOptions, State, str]], progresses: Sequence[Progress], shelf: Shelf | None = None
) -> list[State]:
    """The states after several trainings of one model and batch size, each as its step would make it alone.

    A network that diverged in an earlier training is not trained further, until its weights are rewound. With a shelf,
    a training that was interrupted goes on where it stood.

    Args:
        works: how it is trained, the state that is trained, and the key of the state after it.
        progresses: one for each.

    Raises:
        Missing: there are no training images for this model.
        Incompatible: a network's weights are of fewer than 32 bits.
        Cancelled: through a ``progress``; what was saved stays.
        StoreError: a checkpoint cannot be kept: the disk is full, say.
    """
    sessions: list[Session] = []
    for (step, state, key), progress in zip(works, progresses, strict=True):
        if any(weight.element_size() < 4 for weight in state.weights.values()):
            raise Incompatible(
                f"The weights of {state.base.model} have 16 bits, in which the steps of a training vanish: give it "
                "weights in float32."
            )
        sessions.append(_opened(step, state, key, _from_the_start(state, progress), shelf))
    sound = [number for number, (_, state, _) in enumerate(works) if state.diverged is None]
    train_together([sessions[number] for number in sound], [_save(shelf, works[number][2]) for number in sound])
    after = []
    for (step, state, _), session in zip(works, sessions, strict=True):
        session.state.trace = _rows(state, session.records)
        if session.diverged is not None:
            session.state.diverged = budget(state.recipe) + session.diverged
        if isinstance(step, Step):
            session.state.step = step
        after.append(session.state)
    return after


def _opened(step: TrainingOptions, state: State, key: str, progress: Progress, shelf: Shelf | None) -> Session:
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
