"""Recipe -> state: the steps folded over the network, one after another, or several trainings as one computation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from pruning.common.limits import TOGETHER, WORKER_STATES
from pruning.common.memory import Recent
from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.spec import Step
from pruning.network.devices import check_device
from pruning.network.passes import forward_order
from pruning.network.weights import check_finite, lay_out
from pruning.state import State
from pruning.steps.train import Train
from pruning.study.study import Cell
from pruning.training.options import budget, trained_on
from pruning.zoo.base import Base
from pruning.zoo.checkpoints import load_model, masks_of

_states: Recent[State] = Recent(WORKER_STATES, "networks")
"""By device and key: all devices of one kind share their keys, and a network lies on one of them."""


def state_of(
    base: Base,
    recipe: tuple[Step, ...],
    progress: Progress = quiet,
    shelf: Shelf | None = None,
    whole: tuple[Step, ...] = (),
) -> State:
    """The state after a recipe; prefixes that this process made lately are not made again.

    Args:
        whole: the recipe of which this one is a prefix: progress is reported along all its trainings.

    Raises:
        PruningError: weights, data or device are missing, or a step does not apply; one sentence.
    """
    key = base.state_key(recipe)
    place = (base.device, key)
    found = _states.get(place)
    if found is not None:
        return found
    if not recipe:
        return _states.put(place, _start(base, key))
    whole = whole or recipe
    parent = state_of(base, recipe[:-1], progress, shelf, whole)
    return _states.put(place, parent.after(recipe[-1], key, _along(progress, recipe, whole), shelf))


def to_train(base: Base, recipe: tuple[Step, ...]) -> int:
    """On how many images this process must train for a recipe: prefixes that it made lately are there."""
    ends = range(len(recipe), 0, -1)
    made = next((end for end in ends if _states.get((base.device, base.state_key(recipe[:end]))) is not None), 0)
    return trained_on(recipe[made:])


class Ahead(NamedTuple):
    """A state that was trained together with others: its share of the seconds, and on how many images."""

    state: State
    seconds: float
    images: int


def ahead(cells: Sequence[Cell], progress: Progress = quiet, shelf: Shelf | None = None) -> dict[str, Ahead]:
    """The first cells whose trainings go as one computation, at most ``TOGETHER``, by the keys of their states.

    Empty where the first cell is no training that others can join: it is then made like any other.
    """
    began, first = time.perf_counter(), next(iter(cells), None)
    if first is None or not first.recipe or not isinstance(first.recipe[-1], Train):
        return {}
    from pruning.training.kernel import as_products
    from pruning.training.trainings import together

    model = state_of(first.base, first.recipe[:-1], progress, shelf).model
    if not as_products(model, first.recipe[-1].convolution == "products"):
        return {}
    chosen: dict[str, Cell] = {}
    for cell in cells:
        if _kind(cell) == _kind(first) and len(chosen) < TOGETHER:
            chosen.setdefault(cell.state_key, cell)
    works = [
        (cell.recipe[-1], state_of(cell.base, cell.recipe[:-1], progress, shelf), key) for key, cell in chosen.items()
    ]
    shares = [0.0] * len(works)

    def part(place: int) -> Progress:
        def inner(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
            shares[place] = done / total
            progress(sum(shares), len(shares), note)

        return inner

    states = together(works, [part(place) for place in range(len(works))], shelf)  # ty: ignore[invalid-argument-type]
    each = (time.perf_counter() - began) / len(states)
    return {
        state.key: Ahead(_states.put((state.base.device, state.key), state), each, trained_on(work[:1]))
        for state, work in zip(states, works, strict=True)
    }


def _kind(cell: Cell) -> tuple[object, ...]:
    """Cells of one kind can be trained together; those of later rounds come later, when their prefixes are trained."""
    last, rounds = cell.recipe[-1] if cell.recipe else None, sum(isinstance(step, Train) for step in cell.recipe)
    how = (last.batch, last.convolution) if isinstance(last, Train) else None
    return (cell.base.model, cell.base.data_name, cell.base.device, how, rounds)


def _along(progress: Progress, recipe: tuple[Step, ...], whole: tuple[Step, ...]) -> Progress:
    """Progress of a recipe's last step along all trainings of the whole recipe, in steps of the optimiser.

    Each training counts from zero, so that without this the second of five would seem to be done when it begins. Quick
    steps (scoring, rewinding) do not move it. Progress of a recipe without training is passed on as it is.
    """
    every = budget(whole)
    if not every:
        return progress
    before, training = budget(recipe[:-1]), isinstance(recipe[-1], Train)

    def inner(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        progress(before + (done if training else 0), every, note, partial)

    return inner


def _start(base: Base, key: str) -> State:
    """The network as it stands before the first step."""
    device = check_device(base.device)
    model = load_model(base.model, base.seed, base.mark).to(device).eval()
    lay_out(model)
    check_finite(model)
    order = forward_order(model, base.input_shape)
    masks = {name: mask.to(device) for name, mask in masks_of(base.model, base.mark).items()}
    return State(base, key, model, order, masks)
