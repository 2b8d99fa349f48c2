"""No registered scorer leaves a trace on the network or on a generator; none looks at anything but training images."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

from pruning import registry
from pruning.entries import quiet
from pruning.passes import Scene, forward_order
from tests.core.conftest import Images
from tests.core.networks import options_of, same, small, snapshot, state

SCORERS = pytest.mark.parametrize("scorer", list(registry.scorers))
HOOKS = [name for name in vars(nn.Module()) if name.endswith("hooks")]


def untouched(model: nn.Module) -> object:
    """Everything about a network that is no number of it, and the state of the generators."""
    modules = list(model.modules())
    return (
        [m.training for m in modules],
        [[len(getattr(m, name)) for name in HOOKS] for m in modules],
        [sorted(vars(m)) for m in modules],
        [(id(p), p.requires_grad, None if p.grad is None else p.grad.tolist()) for p in model.parameters()],
        [id(b) for b in model.buffers()],
        torch.get_rng_state().tolist(),
        str(np.random.get_state()),
        random.getstate(),
        torch.is_grad_enabled(),
    )


def test_hooks_are_looked_at() -> None:
    assert {"_forward_hooks", "_forward_pre_hooks", "_backward_hooks"} <= set(HOOKS)


@SCORERS
@pytest.mark.parametrize("measured", [True, False], ids=["trained", "initial"])
def test_the_network_is_as_before(scorer: str, measured: bool, images: Images) -> None:
    model = small(measured=measured)
    model.fc1.weight.requires_grad_(False)
    model.fc2.weight.grad = torch.full_like(model.fc2.weight, 7.0)
    model.train()
    model.drop.eval()
    made = state(model)
    numbers, rest = snapshot(model), untouched(model)
    scores = registry.scorers[scorer](**options_of(scorer)).score(Scene(model, made.weights, made.base, 1, quiet))
    assert same(snapshot(model), numbers)
    assert untouched(model) == rest
    for score in scores.values():
        score.fill_(9.0)  # scores are no views of the weights
    assert same(snapshot(model), numbers)


@SCORERS
def test_the_network_is_as_before_when_scoring_is_cancelled(scorer: str, images: Images) -> None:
    model = small(measured=False).train()
    made = state(model)
    numbers, rest = snapshot(model), untouched(model)

    def stop(done: float, *_: object) -> None:
        if done:
            raise KeyboardInterrupt

    scene = Scene(model, made.weights, made.base, 1, stop)
    if registry.scorers[scorer].needs == "gradients":
        with pytest.raises(KeyboardInterrupt):
            registry.scorers[scorer](**options_of(scorer)).score(scene)
    else:
        registry.scorers[scorer](**options_of(scorer)).score(scene)
    assert same(snapshot(model), numbers)
    assert untouched(model) == rest


@SCORERS
def test_only_training_images_are_looked_at(scorer: str, images: Images) -> None:
    made = state(small())
    registry.scorers[scorer](**options_of(scorer)).score(Scene(made.model, made.weights, made.base, 1, quiet))
    assert set(images.asked) == (set() if registry.scorers[scorer].needs == "weights" else {"train"})


@SCORERS
def test_training_mode_does_not_change_the_scores(scorer: str, images: Images) -> None:
    found = []
    for training in (False, True):
        made = state(small().train(training))
        scene = Scene(made.model, made.weights, made.base, 1, quiet)
        found.append(registry.scorers[scorer](**options_of(scorer)).score(scene))
    assert same(*found)


def test_forward_order_leaves_no_trace() -> None:
    model = small(measured=False).train()
    model.conv2.eval()
    numbers, rest = snapshot(model), untouched(model)
    forward_order(model, (1, 28, 28))
    assert same(snapshot(model), numbers)
    assert untouched(model) == rest
    with pytest.raises(RuntimeError):
        forward_order(model, (3, 28, 28))
    assert untouched(model) == rest
