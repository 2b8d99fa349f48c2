"""The same weights go as with torch.nn.utils.prune, wherever no tie has to be broken."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from pruning.common.progress import quiet
from pruning.criteria.plan import plan_of
from pruning.network.weights import prunable
from pruning.state import State
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base

BASES = (Base(model="lenet_5"), Base(model="resnet_20", mark="init"))
LEVELS = (100, 500, 900, 990)


def tied(state: State, level: int, layers: list[str]) -> bool:
    """Whether the lowest weights of these layers cannot be told from the next by magnitude."""
    values = np.sort(np.concatenate([state.weights[name].abs().flatten().numpy() for name in layers]))
    k = round(level * len(values) / 1000)
    return bool(values[k - 1] == values[k])


def modules(model: nn.Module, names: tuple[str, ...]) -> list[tuple[nn.Module, str]]:
    model.to(memory_format=torch.contiguous_format)  # torch's own pruning knows no other
    return [(model.get_submodule(name.rpartition(".")[0]), "weight") for name in names]


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.model)
def test_global_magnitude(base: Base) -> None:
    start = state_of(base, ())
    ranking, compared = plan_of(start.scene(quiet), Prune()).ranking, 0
    for level in LEVELS:
        other = modules(copy.deepcopy(start.model), start.order)
        prune.global_unstructured(other, pruning_method=prune.L1Unstructured, amount=level / 1000)
        masks = ranking.masks(level)
        theirs = {name: module.weight_mask.bool() for name, (module, _) in zip(start.order, other, strict=True)}
        assert sum(int(m.sum()) for m in masks.values()) == sum(int(m.sum()) for m in theirs.values())
        if not tied(start, level, list(start.order)):
            compared += 1
            assert all((masks[name] == theirs[name]).all() for name in start.order), level
    assert compared >= 2


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.model)
def test_uniform_magnitude(base: Base) -> None:
    start = state_of(base, ())
    ranking, compared = plan_of(start.scene(quiet), Prune(allocation="uniform")).ranking, 0
    for level in LEVELS:
        for name, (module, _) in zip(start.order, modules(copy.deepcopy(start.model), start.order), strict=True):
            prune.l1_unstructured(module, "weight", amount=level / 1000)
            mask, theirs = ranking.mask(name, level), module.weight_mask.bool()
            assert mask.sum() == theirs.sum(), (name, level)
            if not tied(start, level, [name]):
                compared += 1
                assert (mask == theirs).all(), (name, level)
    assert compared >= 3 * len(start.order)


def test_the_pruned_weights_are_those_of_torch() -> None:
    start = state_of(Base(model="lenet_5"), ())
    pruned = state_of(Base(model="lenet_5"), (Prune(allocation="uniform", sparsity=900),))
    assert not tied(start, 900, ["fc1.weight"])
    other = copy.deepcopy(start.model)
    prune.l1_unstructured(other.fc1, "weight", amount=0.9)
    assert (prunable(pruned.model)["fc1.weight"] == other.fc1.weight).all()


def test_ours_is_of_the_whole_and_not_of_what_remains() -> None:
    base = Base(model="lenet_5")
    thrice = state_of(base, (Prune(sparsity=500),) * 3)
    module = copy.deepcopy(state_of(base, ()).model).fc1
    for _ in range(3):
        prune.l1_unstructured(module, "weight", amount=0.5)
    assert module.weight_mask.mean() == pytest.approx(0.125, abs=1e-4)
    assert sum(int(m.sum()) for m in thrice.masks.values()) == 61470 - 30735
