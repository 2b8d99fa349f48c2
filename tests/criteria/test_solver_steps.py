"""Solvers as steps of a recipe: exact counts, earlier masks, patterns, seeds, and a network that is left alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pruning.common.errors import Incompatible
from pruning.common.progress import quiet
from pruning.criteria.compatibility import granularities_for
from pruning.criteria.plan import plan
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo import data as zoo_data
from pruning.zoo.base import Base
from tests.helpers.invented import Images
from tests.helpers.networks import same, small, snapshot, state

SOLVERS = ("wanda", "sparse_gpt", "obc")
QUICK: dict[str, Any] = {"samples": 60}


def test_wanda_takes_the_lowest_of_each_row(images: Images) -> None:
    model = small()
    step = Prune(scorer="wanda", options=QUICK | {"sequential": False}, allocation="uniform", sparsity=500)
    after = state(model).after(step, "after", quiet)
    x, _ = zoo_data.sample(zoo_data.load("any", "train"), 60, 0)
    with torch.no_grad():
        inputs = model.norm(model.conv1(x)).relu()
        reached = {"fc1.weight": model.conv2(inputs).relu().flatten(1)}
    columns = F.unfold(inputs, 3, stride=2).transpose(1, 2).flatten(0, 1)
    norms = columns.norm(dim=0).view(2, 1, 18).expand(2, 4, 18).reshape(8, 18)  # two groups of four filters
    found = {"conv2.weight": norms.view(8, 2, 3, 3), "fc1.weight": reached["fc1.weight"].norm(dim=0)}
    for name, norm in found.items():
        weight = dict(model.named_parameters())[name].detach()
        score = (weight.abs() * norm).flatten(1)
        lowest = score.argsort(dim=1, stable=True)[:, : score.shape[1] // 2]
        right = torch.ones_like(score, dtype=torch.bool).scatter_(1, lowest, False).view(weight.shape)
        assert torch.equal(after.masks[name], right)
        assert torch.equal(after.weights[name], torch.where(right, weight, 0.0))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("level", [0, 1, 500, 999, 1000])
def test_counts_are_exact_and_the_network_is_left_alone(solver: str, level: int, images: Images) -> None:
    start = state(small().train())
    before = snapshot(start.model)
    step = Prune(scorer=solver, options=QUICK, allocation="uniform", sparsity=level)
    made = plan(start.scene(quiet), step)
    after = start.after(step, "after", quiet)
    assert list(after.masks) == list(start.order)
    for row, (name, mask) in enumerate(after.masks.items()):
        assert int((~mask).sum()) == made.weights_removed[row, level] == round(level * mask.numel() / 1000)
        assert not after.weights[name][~mask].any()
        assert level or torch.equal(after.weights[name], start.weights[name])
        if solver == "wanda":
            gone = (~mask).flatten(1).sum(1)
            assert int(gone.max()) - int(gone.min()) <= 1
    assert same(snapshot(start.model), before) and start.model.training
    assert not any(m._forward_pre_hooks for m in start.model.modules())


@pytest.mark.parametrize("solver", SOLVERS)
def test_earlier_masks_stay_and_the_seed_decides(solver: str, images: Images) -> None:
    first = state(small()).after(Prune(sparsity=400), "first", quiet)
    step = Prune(scorer=solver, options=QUICK, allocation="uniform", sparsity=700)
    one, two = first.after(step, "one", quiet), first.after(step, "one", quiet)
    assert same(one.masks, two.masks) and same(one.weights, two.weights)
    other = first.after(step.model_copy(update={"seed": 5}), "other", quiet)
    assert not same(one.masks, other.masks)
    for name, mask in first.masks.items():
        assert not (one.masks[name] & ~mask).any() and not one.weights[name][~one.masks[name]].any()
        assert int((~one.masks[name]).sum()) == max(round(0.7 * mask.numel()), int((~mask).sum()))


@pytest.mark.parametrize("solver", SOLVERS)
def test_patterns_keep_n_of_each_m(solver: str, images: Images) -> None:
    assert granularities_for(solver) == ["weight", "n_m"]
    for m, level, kept in ((4, 500, 2), (4, 750, 1), (2, 500, 1)):
        step = Prune(
            scorer=solver,
            options=QUICK,
            granularity="n_m",
            granularity_options={"m": m},
            allocation="uniform",
            sparsity=level,
        )
        after = state(small()).after(step, "after", quiet)
        for name, mask in after.masks.items():
            if mask.shape[1] % m == 0:
                assert (mask.movedim(1, -1).unflatten(-1, (-1, m)).sum(-1) == kept).all(), name
        assert "conv1.weight" not in after.masks  # one input channel


@pytest.mark.parametrize("solver", [*SOLVERS, "magnitude_l1"])
@pytest.mark.parametrize("before", ["weight", "kernel", "block", "channel", "n_m"])
def test_patterns_keep_at_most_n_behind_other_masks(before: str, solver: str, images: Images) -> None:
    """What is masked unevenly counts as gone within its own M neighbours, and for no other."""
    earlier = {"granularity_options": {"m": 2}} if before == "n_m" else {}
    allocation = "uniform" if before == "n_m" else "global"
    first = state(small()).after(
        Prune(granularity=before, allocation=allocation, sparsity=600, **earlier), "first", quiet
    )
    options = QUICK if solver in SOLVERS else {}
    for m, level, kept in ((4, 250, 3), (4, 500, 2), (4, 750, 1), (2, 500, 1)):
        step = Prune(
            scorer=solver,
            options=options,
            granularity="n_m",
            granularity_options={"m": m},
            allocation="uniform",
            sparsity=level,
        )
        after = first.after(step, f"{m} {level}", quiet)
        for name, mask in after.masks.items():
            if mask.shape[1:] and mask.shape[1] % m == 0:
                both = (mask, first.masks.get(name, torch.ones_like(mask)))
                now, then = (one.movedim(1, -1).unflatten(-1, (-1, m)).sum(-1) for one in both)
                assert torch.equal(now, then.clamp(max=kept)), name
            assert name not in first.masks or not (mask & ~first.masks[name]).any()


def test_wanda_s_pattern_behind_magnitude_on_a_trained_network() -> None:
    wanda = Prune(scorer="wanda", options=QUICK, granularity="n_m", allocation="uniform", sparsity=500)
    after = state_of(Base(), (Prune(sparsity=500), wanda))
    assert all(int(mask.unflatten(1, (-1, 4)).sum(-1).max()) == 2 for mask in after.masks.values())
    assert wanda.key_part() == wanda.key_part((wanda,)) != wanda.key_part((Prune(),))
    assert wanda.key_part((Prune(),))[3] == {"granularity": 2}


def test_layers_too_wide_are_refused_by_name() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 1300), nn.ReLU(), nn.Linear(1300, 8200), nn.Linear(8200, 2))
    for solver, said in (("obc", "'3.weight' with 1,300 inputs"), ("sparse_gpt", "'4.weight', 8,200 a row")):
        with pytest.raises(Incompatible, match=said):
            state(model.eval()).after(Prune(scorer=solver, allocation="uniform"), "x", quiet)
