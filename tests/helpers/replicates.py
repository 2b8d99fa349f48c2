"""What holds of networks that train as one computation, whatever their layers are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch

from pruning.common.errors import Cancelled
from pruning.common.progress import quiet
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.training.trainings import together
from tests.helpers.networks import same, snapshot
from tests.training.test_training import Shelf


def pruned(start: State, level: int, seed: int) -> State:
    """A network of which weights are removed at random."""
    return start.after(Prune(sparsity=level, scorer="random", seed=seed), f"{level} {seed}", quiet)


def are_bit_for_bit_as_alone(specs: Sequence[Train], starts: Sequence[State]) -> None:
    """Weights, traces and masks; afterwards nothing is shared."""
    made = together([(s, p, str(n)) for n, (s, p) in enumerate(zip(specs, starts, strict=True))], [quiet] * len(specs))
    for number, (spec, start, after) in enumerate(zip(specs, starts, made, strict=True)):
        lone = start.after(spec, str(number), quiet)
        assert same(snapshot(lone.model), snapshot(after.model)) and lone.trace == after.trace
        assert after.step == spec and not after.model.training
        for name, mask in after.masks.items():
            assert not after.weights[name][~mask].any()
    parameters = [p for after in made for p in after.model.parameters()]
    assert len({p.untyped_storage().data_ptr() for p in parameters}) == len(parameters)


def one_that_diverges_stops_alone(fine: Train, wild: Train, start: Callable[[int], State]) -> None:
    """``start`` gives a network of a sparsity."""
    broken = start(0)
    with torch.no_grad():
        next(iter(broken.model.parameters())).fill_(1e38)
    good, bad = together([(fine, start(500), "a"), (wild, broken, "b")], [quiet, quiet])
    assert bad.diverged == 0 and good.diverged is None
    assert same(snapshot(good.model), snapshot(start(500).after(fine, "a", quiet).model))


def cancelled_ones_go_on_bit_for_bit(
    works: Sequence[tuple[Train, State, str]], at: int, monkeypatch: pytest.MonkeyPatch
) -> Shelf:
    """One of them is cancelled at a step; returns the shelf with what both had saved then."""
    monkeypatch.setattr("pruning.training.trainee.SAVE_SECONDS", 0.0)
    shelf, begun = Shelf(), [quiet] * (len(works) - 1)

    def stop(done: float, *_: object) -> None:
        if done == at:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        together(works, [*begun, stop], shelf)
    saved = Shelf()
    saved.files = dict(shelf.files)
    every = [quiet] * len(works)
    for one, other in zip(together(works, every, shelf), together(works, every), strict=True):
        assert same(snapshot(one.model), snapshot(other.model)) and one.trace == other.trace
    return saved
