"""Prune: mask the lowest ranked units, or those that a solver chooses, at one level of sparsity."""

from __future__ import annotations

import torch

from pruning import registry
from pruning.criteria import Solver
from pruning.criterion import Plan, plan
from pruning.entries import Progress, Shelf
from pruning.keys import digest
from pruning.limits import WORKER_RANKINGS
from pruning.lru import Recent
from pruning.specs import Prune
from pruning.state import State, apply_masks

_rankings: Recent[Plan] = Recent(WORKER_RANKINGS, "rankings")


def plan_of(step: Prune, state: State, progress: Progress) -> Plan:
    """The plan of this step, from memory if this process made it before."""
    key = digest(state.key, step.criterion())
    return _rankings.get_or_make(key, lambda: plan(state, step, progress))


def apply(step: Prune, state: State, key: str, progress: Progress, shelf: Shelf | None = None) -> State:
    """The state with exactly the units masked that the plan counts at this level."""
    made = plan_of(step, state, progress)
    pruned = state.next(key)
    parameters = dict(pruned.model.named_parameters(remove_duplicate=False))
    if made.ranking is not None:
        shapes = {name: tuple(parameter.shape) for name, parameter in parameters.items()}
        masks = made.layout.expanded(made.ranking.masks(step.sparsity), shapes)
    else:
        criterion = registry.scorers[step.scorer](**step.options)
        assert isinstance(criterion, Solver)
        counts = {name: int(row[step.sparsity]) for name, row in zip(made.layout.groups, made.removed, strict=True)}
        found = criterion.solve(made.scene, counts)
        masks = found.masks
        with torch.no_grad():
            for name, weight in found.weights.items():
                parameters[name].copy_(weight)
    for name, mask in masks.items():
        pruned.masks[name] = mask & state.masks[name] if name in state.masks else mask
    pruned.plan = made
    apply_masks(pruned.model, pruned.masks)
    if made.ranking is not None:  # a solver moves weights off their levels
        pruned.formats = {name: kept.masked(pruned.masks.get(name)) for name, kept in state.formats.items()}
    return pruned
