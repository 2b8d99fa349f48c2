"""Prune: mask the lowest ranked units at one level of sparsity."""

from __future__ import annotations

from pruning import registry
from pruning.criterion import rank
from pruning.entries import Progress
from pruning.keys import digest
from pruning.limits import WORKER_RANKINGS
from pruning.lru import Recent
from pruning.ranking import Ranking
from pruning.specs import Prune
from pruning.state import State, apply_masks

_rankings: Recent[Ranking] = Recent(WORKER_RANKINGS)


def ranking_of(step: Prune, state: State, progress: Progress) -> Ranking:
    """The ranking for this step, from memory if this process made it before."""
    key = digest(state.key, step.criterion(), step.allocation)
    return _rankings.get_or_make(key, lambda: rank(state, step, progress))


def apply(step: Prune, state: State, key: str, progress: Progress) -> State:
    """The state with exactly ``round(sparsity * n)`` units masked (per layer, where the allocation is per layer)."""
    ranking = ranking_of(step, state, progress)
    pruned = state.next(key)
    units = ranking.masks(step.sparsity)
    shapes = {name: tuple(weight.shape) for name, weight in state.weights.items()}
    masks = registry.granularities[step.granularity]().expand(units, shapes)
    pruned.masks = {name: mask & state.masks[name] if name in state.masks else mask for name, mask in masks.items()}
    pruned.ranking = ranking
    apply_masks(pruned.model, pruned.masks)
    return pruned
