"""No registered scorer leaves a trace on the network or on a generator; none looks at anything but training images."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from types import MethodType

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pruning import registry
from pruning.criteria import Scorer, Solver
from pruning.entries import quiet
from pruning.passes import Scene, forward_order
from pruning.units import Layout
from tests.core.conftest import Images
from tests.core.networks import options_of, same, small, snapshot, state

# Blocks need a network that has some: tests/core/test_every_combination.py looks at that one.
SCORERS = pytest.mark.parametrize("scorer", [s for s in registry.scorers if s != "block_influence"])
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


def network(scorer: str, measured: bool = True) -> nn.Module:
    """A small network that the criterion can look at: SynFlow knows no tanh."""
    model = small(measured=measured)
    if scorer == "synflow":

        def forward(self: nn.Module, x: Tensor) -> Tensor:
            x = self.conv2(self.norm(self.conv1(x)).relu()).relu()
            return self.fc2(self.fc1(self.drop(x.flatten(1))).relu())

        model.forward = MethodType(forward, model)
    return model


def look(scorer: str, scene: Scene) -> dict[str, Tensor]:
    """What the criterion says: scores, or a solver's masks of half of each layer."""
    options = options_of(scorer)
    made = registry.scorers[scorer](**options | ({"samples": 120} if "samples" in options else {}))
    if isinstance(made, Scorer):
        return made.score(scene)
    assert isinstance(made, Solver)
    layout = Layout.singles({name: tuple(weight.shape) for name, weight in scene.weights.items()})
    half = {name: weight.numel() // 2 for name, weight in scene.weights.items()}
    found = made.solve(replace(scene, layout=layout), half)
    return {**{f"{name} mask": mask for name, mask in found.masks.items()}, **found.weights}


def test_hooks_are_looked_at() -> None:
    assert {"_forward_hooks", "_forward_pre_hooks", "_backward_hooks"} <= set(HOOKS)


@SCORERS
@pytest.mark.parametrize("measured", [True, False], ids=["trained", "initial"])
def test_the_network_is_as_before(scorer: str, measured: bool, images: Images) -> None:
    model = network(scorer, measured)
    model.fc1.weight.requires_grad_(False)
    model.fc2.weight.grad = torch.full_like(model.fc2.weight, 7.0)
    model.train()
    model.drop.eval()
    made = state(model)
    numbers, rest = snapshot(model), untouched(model)
    scores = look(scorer, Scene(model, made.weights, made.base, 1, quiet))
    assert same(snapshot(model), numbers)
    assert untouched(model) == rest
    for score in scores.values():
        score.fill_(9.0)  # scores are no views of the weights
    assert same(snapshot(model), numbers)


@SCORERS
def test_the_network_is_as_before_when_scoring_is_cancelled(scorer: str, images: Images) -> None:
    model = network(scorer, measured=False).train()
    made = state(model)
    numbers, rest = snapshot(model), untouched(model)

    def stop(done: float, *_: object) -> None:
        if done:
            raise KeyboardInterrupt

    scene = Scene(model, made.weights, made.base, 1, stop)
    if registry.scorers[scorer].needs == "gradients":
        with pytest.raises(KeyboardInterrupt):
            look(scorer, scene)
    else:
        with suppress(KeyboardInterrupt):
            look(scorer, scene)
    assert same(snapshot(model), numbers)
    assert untouched(model) == rest


@SCORERS
def test_only_training_images_are_looked_at(scorer: str, images: Images) -> None:
    made = state(network(scorer))
    look(scorer, Scene(made.model, made.weights, made.base, 1, quiet))
    assert set(images.asked) == (set() if registry.scorers[scorer].needs == "weights" else {"train"})


@SCORERS
def test_training_mode_does_not_change_the_scores(scorer: str, images: Images) -> None:
    found = []
    for training in (False, True):
        made = state(network(scorer).train(training))
        scene = Scene(made.model, made.weights, made.base, 1, quiet)
        found.append(look(scorer, scene))
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
