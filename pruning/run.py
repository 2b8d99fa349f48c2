"""Study -> results: fold the steps over the state, cell by cell, measure, keep."""

from __future__ import annotations

import time
from typing import Any, Protocol, TypedDict

import torch

from pruning import registry, steps
from pruning.entries import Desk, Progress, Shelf, quiet
from pruning.errors import PruningError
from pruning.limits import WORKER_STATES
from pruning.lru import Recent
from pruning.passes import forward_order
from pruning.specs import Base, Cell, MeasureSpec, Step, Study, Train
from pruning.state import State, check_device, check_finite, has_batch_norm
from pruning.zoo.checkpoints import load_model


class Row(TypedDict):
    """One measured result of one cell; ``value`` holds what the measure documents."""

    coordinates: dict[str, Any]
    state_key: str
    measure: str
    measure_key: str
    value: dict[str, Any]
    seconds: float
    origin: str


class Keeper(Protocol):
    """What a run needs of a store."""

    def get(self, keys: Any) -> Any: ...
    def put(self, key: str, value: dict[str, Any], **about: Any) -> None: ...
    def write(self, kind: str, key: str, data: bytes, suffix: str) -> Any: ...
    def read(self, kind: str, key: str, suffix: str) -> bytes | None: ...


_states: Recent[State] = Recent(WORKER_STATES)


def state_of(
    base: Base,
    recipe: tuple[Step, ...],
    progress: Progress = quiet,
    shelf: Shelf | None = None,
    whole: tuple[Step, ...] = (),
) -> State:
    """The state after a recipe; prefixes that this process made lately are not made again.

    Args:
        whole: the recipe of which this one is a prefix: progress is told along all its trainings.

    Raises:
        PruningError: weights, data or device are missing, or a step does not apply; one sentence.
    """
    key = base.state_key(recipe)
    found = _states.get(key)
    if found is not None:
        return found
    if not recipe:
        return _states.put(key, _start(base, key))
    whole = whole or recipe
    parent = state_of(base, recipe[:-1], progress, shelf, whole)
    return _states.put(key, steps.apply(recipe[-1], parent, key, _along(progress, recipe, whole), shelf))


def _along(progress: Progress, recipe: tuple[Step, ...], whole: tuple[Step, ...]) -> Progress:
    """Progress of a recipe's last step along all trainings of the whole recipe, in steps of the optimiser.

    Each training counts from zero, so that without this the second of five would seem to be done when it begins. What
    is quick beside training (scoring, rewinding) stands still. A recipe without training is told as it is.
    """
    every = _trained(whole)
    if not every:
        return progress
    before, training = _trained(recipe[:-1]), isinstance(recipe[-1], Train)

    def inner(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        progress(before + (done if training else 0), every, note, partial)

    return inner


def _trained(recipe: tuple[Step, ...]) -> int:
    """Steps of the optimiser in a recipe."""
    return sum(step.steps for step in recipe if isinstance(step, Train))


def _start(base: Base, key: str) -> State:
    """The network as it stands before the first step."""
    device = check_device(base.device)
    model = load_model(base.model, base.seed, base.mark).to(device).eval()
    if has_batch_norm(model):
        # Deep convolutional networks run a quarter faster on a CPU, and faster on a GPU, with channels last.
        model.to(memory_format=torch.channels_last)  # ty: ignore[no-matching-overload]
    check_finite(model)
    order = forward_order(model, registry.models[base.model].input_shape)
    return State(base, key, model, order)


def run(study: Study, store: Keeper | None = None, progress: Progress = quiet) -> list[Row]:
    """All results of a study, in the order of its cells and measures; what the store has is not computed again.

    Every finished result is stored at once, so that nothing is lost when the run is cancelled or dies.

    Raises:
        Cancelled: through ``progress``.
        PruningError: the first cell that cannot be computed, with one sentence.
    """
    work = [(cell, spec, cell.measure_key(spec)) for cell in study.cells() for spec in study.measures]
    stored = store.get([key for _, _, key in work]) if store is not None else {}
    rows: list[Row] = []
    made: dict[str, Row] = {}  # cells may share a result: one profile serves every level
    for number, (cell, spec, key) in enumerate(work):
        known = stored.get(key)
        if key in made:
            rows.append(_row(cell, spec, key, made[key]["value"], made[key]["seconds"], made[key]["origin"]))
        elif known is not None:
            rows.append(_row(cell, spec, key, known.value, known.seconds, known.origin))
        else:
            rows.append(_measured(cell, spec, key, store, _within(progress, number, len(work))))
            made[key] = rows[-1]
        if len(work) > 1:
            partial = {"rows": rows[-1:]} if registry.measures[spec.name].stored else None
            progress(number + 1, len(work), "results", partial)
    return rows


def _within(progress: Progress, number: int, count: int) -> Progress:
    """Progress of one result as a part of the whole study's; partial results pass only when it is the only one."""

    def inner(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        if count == 1:
            progress(done, total, note, partial)
        else:
            progress(number + (done / total if total else 0.0), count, f"result {number + 1} of {count}")

    return inner


def _measured(cell: Cell, spec: MeasureSpec, key: str, store: Keeper | None, progress: Progress) -> Row:
    """One result, computed and stored."""
    began = time.perf_counter()
    state = state_of(cell.base, cell.recipe, progress, store)
    measure = spec.build()
    value = measure.measure(state, Desk(progress, store.write if store is not None else None))
    seconds = time.perf_counter() - began
    if store is not None and measure.stored:
        about = {"state_key": cell.state_key, "measure": spec.name, "model": cell.base.model}
        store.put(key, value, images=measure.images(), seconds=seconds, device=cell.base.device, **about)
    return _row(cell, spec, key, value, seconds, "computed")


def _row(cell: Cell, spec: MeasureSpec, key: str, value: dict[str, Any], seconds: float, origin: str) -> Row:
    return {
        "coordinates": dict(cell.coordinates),
        "state_key": cell.state_key,
        "measure": spec.name,
        "measure_key": key,
        "value": value,
        "seconds": seconds,
        "origin": origin,
    }


__all__ = ["PruningError", "Row", "run", "state_of"]
