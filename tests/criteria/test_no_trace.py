"""No criterion, granularity or allocation leaves a trace on the network or on a generator, nor looks at other images.

Networks here are in train mode and hold gradients; ``test_every_combination.py`` looks at all combinations on
networks as states hold them.
"""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

from pruning.common.errors import Incompatible
from pruning.common.progress import Progress, quiet
from pruning.criteria.compatibility import allocations_for, granularities_for
from pruning.criteria.kinds import Solver, allocations, granularities, scorers
from pruning.criteria.plan import plan
from pruning.network.passes import forward_order
from pruning.network.weights import prunable
from pruning.steps.prune import Prune
from tests.helpers.invented import Images
from tests.helpers.networks import HOOKS, network, options_of, same, small, snapshot, state, untouched

SCORERS = pytest.mark.parametrize("scorer", list(scorers))
LAYOUTS = [("magnitude_l1", unit, allocations_for("magnitude_l1", unit)[0]) for unit in granularities]
SHARES = [("magnitude_l1", "weight", name) for name in allocations]


def worn(granularity: str, measured: bool = True, scorer: str = "") -> nn.Module:
    """A network in train mode, one part of it not, with a gradient, and a weight that asks for none."""
    model = network(granularity, measured, scorer).train()
    first, *_, last = prunable(model)
    model.get_parameter(first).requires_grad_(False)
    model.get_parameter(last).grad = torch.full_like(model.get_parameter(last), 7.0)
    next(m for m in model.modules() if not list(m.children())).eval()
    return model


def look(scorer: str, model: nn.Module, progress: Progress = quiet) -> dict[str, Tensor]:
    """What the criterion says of two batches: scores of units, or a solver's masks and weights at half."""
    quick, granularity = options_of(scorer), granularities_for(scorer)[0]
    options = quick | ({"samples": 120} if "samples" in quick else {})
    allocation = allocations_for(scorer, granularity)[0]
    step = Prune(scorer=scorer, options=options, granularity=granularity, allocation=allocation, seed=1)
    made = plan(state(model).scene(progress), step)
    if made.ranking is not None:
        return made.ranking.scores
    solver = scorers[scorer](**options)
    assert isinstance(solver, Solver)
    counts = {name: int(row[500]) for name, row in zip(made.layout.groups, made.removed, strict=True)}
    found = solver.solve(made.scene, counts)
    return {**{f"{name} mask": mask for name, mask in found.masks.items()}, **found.weights}


def test_hooks_are_looked_at() -> None:
    assert {"_forward_hooks", "_forward_pre_hooks", "_backward_hooks"} <= set(HOOKS)
    model = small()
    before = untouched(model)
    handle = model.conv2.register_forward_pre_hook(lambda *_: None)
    assert untouched(model) != before
    handle.remove()
    assert untouched(model) == before


@SCORERS
@pytest.mark.parametrize("measured", [True, False], ids=["trained", "initial"])
def test_the_network_is_as_before(scorer: str, measured: bool, images: Images) -> None:
    model = worn(granularities_for(scorer)[0], measured, scorer)
    numbers, rest = snapshot(model), untouched(model)
    scores = look(scorer, model)
    assert same(snapshot(model), numbers)
    assert untouched(model) == rest
    assert scores and not any(score.requires_grad for score in scores.values())
    for score in scores.values():
        score.fill_(9.0)  # scores are no views of the weights
    assert same(snapshot(model), numbers)


@SCORERS
def test_the_network_is_as_before_when_scoring_is_cancelled(scorer: str, images: Images) -> None:
    model = worn(granularities_for(scorer)[0], False, scorer)

    def stop(done: float, *_: object) -> None:
        if done:
            raise KeyboardInterrupt

    numbers, rest = snapshot(model), untouched(model)
    long = scorers[scorer].needs != "weights" or scorer == "synflow"
    with pytest.raises(KeyboardInterrupt) if long else nullcontext():
        look(scorer, model, stop)
    assert same(snapshot(model), numbers)
    assert untouched(model) == rest


@SCORERS
def test_the_network_is_as_before_when_it_fails(scorer: str, images: Images) -> None:
    model = worn(granularities_for(scorer)[0], True, scorer)
    second = model.get_submodule(list(prunable(model))[1].removesuffix(".weight"))
    begun = []

    def fail(*_: object) -> None:
        if begun:  # in the midst of the first batch, with all hooks in place
            raise MemoryError

    handle = second.register_forward_hook(fail)
    numbers, rest = snapshot(model), untouched(model)
    failed = False
    try:
        look(scorer, model, lambda *_: begun.append(True))
    except MemoryError:
        failed = True
    assert failed or scorers[scorer].needs == "weights"
    assert same(snapshot(model), numbers)
    assert untouched(model) == rest
    handle.remove()


@SCORERS
def test_only_training_images_are_looked_at(scorer: str, images: Images) -> None:
    look(scorer, network(granularities_for(scorer)[0], scorer=scorer))
    assert set(images.asked) == (set() if scorers[scorer].needs == "weights" else {"train"})


@SCORERS
def test_training_mode_does_not_change_the_scores(scorer: str, images: Images) -> None:
    found = [
        look(scorer, network(granularities_for(scorer)[0], scorer=scorer).train(training)) for training in (False, True)
    ]
    assert same(*found)


@pytest.mark.parametrize(("scorer", "granularity", "allocation"), [*dict.fromkeys([*LAYOUTS, *SHARES])])
def test_units_and_budgets_leave_no_trace(scorer: str, granularity: str, allocation: str, images: Images) -> None:
    model = worn(granularity, False)
    numbers, rest = snapshot(model), untouched(model)
    known = allocations[allocation].model_fields
    options = {name: 60 for name in ("samples", "count") if name in known}
    step = Prune(scorer=scorer, granularity=granularity, allocation=allocation, allocation_options=options)
    assert plan(state(model).scene(quiet), step).removed[:, 500].any()
    assert same(snapshot(model), numbers)
    assert untouched(model) == rest
    assert set(images.asked) == {"sensitivity": {"validation"}, "owl": {"train"}}.get(allocation, set())


def test_forward_order_leaves_no_trace() -> None:
    model = small(measured=False).train()
    model.conv2.eval()
    numbers, rest = snapshot(model), untouched(model)
    forward_order(model, (1, 28, 28))
    assert same(snapshot(model), numbers)
    assert untouched(model) == rest
    with pytest.raises(Incompatible, match="A first pass of two examples of 3x28x28 numbers fails"):
        forward_order(model, (3, 28, 28))
    assert untouched(model) == rest
