"""Isomorphic allocation: the library's kinds of groups, the same share of each, one threshold within each."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
import torch

from pruning.criteria.allocations.isomorphic import kind
from pruning.criteria.counts import ranked
from pruning.criteria.kinds import allocations
from pruning.criteria.ranking import counts
from pruning.network.groups.channels import channel_layout
from pruning.steps.prune import Prune
from pruning.study.fold import state_of
from pruning.zoo.base import Base
from tests.helpers.lively import images, layout, network

LEVELS = np.arange(1001)


def kinds(name: str) -> list[set[str]]:
    """The groups of channels that are of one kind, by the names of their first weights."""
    found = defaultdict(set)
    for leads, group in layout(channel_layout, name).groups.items():
        found[kind(group, network(name))].add(leads)
    return list(found.values())


@pytest.mark.parametrize("name", ["resnet_20", "vit_small"])
def test_kinds_are_those_of_torch_pruning(name: str) -> None:
    """Its pruner writes each layer of a group, and whether it gives or takes the channels, into one tag."""
    import torch_pruning

    model: Any = copy.deepcopy(network(name))
    graph = torch_pruning.DependencyGraph().build_dependency(
        model, images(name), forward_fn=lambda m, x: m(x), verbose=False
    )
    ours, tags = layout(channel_layout, name).groups, defaultdict(set)
    layers = {module: key for key, module in model.named_modules()}
    for group in graph.get_all_groups(root_module_types=[torch.nn.Conv2d, torch.nn.Linear]):
        met = {(dep.target.module, graph.is_out_channel_pruning_fn(dep.handler)) for dep, _ in group}
        makers = {f"{layers[module]}.weight" for module, out in met if out and module in layers}
        tag = tuple(sorted(f"{type(module)} {out}" for module, out in met if module in layers))
        if leads := makers & set(ours):
            tags[tag] |= leads
    assert sorted(map(sorted, tags.values())) == sorted(map(sorted, kinds(name)))


def test_first_convolutions_of_blocks_compete_and_streams_do_not() -> None:
    found = kinds("resnet_20")
    assert {f"stage{s}.{i}.conv1.weight" for s in (1, 2, 3) for i in range(3)} in found
    assert {"conv1.weight"} in found and sum(map(len, found)) == 12


def test_each_kind_gives_the_networks_share_by_one_threshold() -> None:
    step = Prune(scorer="magnitude_l2", granularity="channel", allocation="isomorphic", sparsity=500)
    plan = state_of(Base(model="resnet_20"), (step,)).plan
    assert plan is not None and plan.ranking is not None
    rows, shared = list(plan.layout.groups), 0
    for names in kinds("resnet_20"):
        held = [rows.index(name) for name in names]
        total = int(plan.ranking.sizes[held].sum())
        assert np.abs(plan.removed[held].sum(0) - LEVELS * total / 1000).max() <= 1.0
        for level in (100, 500, 900):
            scores = [plan.ranking.scores[name].flatten().sort().values for name in names]
            gone = [int(plan.removed[row, level]) for row in held]
            cut = max(float(s[n - 1]) for s, n in zip(scores, gone, strict=True) if n)
            assert all(float(s[n]) >= cut for s, n in zip(scores, gone, strict=True) if n < len(s))
            shared += len(set(gone)) > 1
    assert shared  # layers of a kind do not all lose the same


def test_where_all_are_of_one_kind_it_is_the_global_threshold() -> None:
    generator = torch.Generator().manual_seed(0)
    sizes = {"a.weight": 40, "b.weight": 7, "c.weight": 300}
    scores = {name: torch.randn(size, generator=generator) for name, size in sizes.items()}
    removed = {name: ranked(scores, allocations[name]()).removed for name in ("isomorphic", "global")}
    assert (removed["isomorphic"] == removed["global"]).all()
    assert (removed["global"].sum(0) == counts(LEVELS, 347)).all()
