"""From a state and a pruning step to what it removes at every level: units, scores, budget, ranking."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from pruning.common.errors import BadTensor, Incompatible
from pruning.common.hashing import digest
from pruning.common.levels import LEVELS
from pruning.common.limits import WORKER_RANKINGS
from pruning.common.memory import Recent
from pruning.criteria.counts import budgeted, retargeted, weights_removed, weights_solved
from pruning.criteria.kinds import Scorer, Solver, allocations, granularities, scorers
from pruning.criteria.method import Method
from pruning.criteria.ranking import MASKED, Ranking
from pruning.network.scene import Scene
from pruning.network.units import Layout


@dataclass(frozen=True)
class RemovalPlan:
    """What a criterion, a granularity and an allocation decide for all levels at once.

    Attributes:
        layout: the units, and what is left alone and why.
        removed: ``(groups, 1001)`` int64, units removed at each level.
        weights_removed: ``(weights, 1001)`` int64, entries of each prunable weight that are masked at each level, by
            this step or by masks that were there before.
        ranking: the ranked units; None for a solver, which decides at each level anew which units go.
        scene: what the criterion saw.
        reached: the highest level, per mille, that bounds allow; beyond it nothing is masked.
        noun: what units are called ("channels").
    """

    layout: Layout
    removed: np.ndarray
    weights_removed: np.ndarray
    ranking: Ranking | None
    scene: Scene
    noun: str
    reached: int = LEVELS


_rankings: Recent[RemovalPlan] = Recent(WORKER_RANKINGS, "rankings")
"""By device, state and method: scores lie where the network does."""


def plan_of(scene: Scene, method: Method) -> RemovalPlan:
    """The plan of a method, from memory if this process made it before for the same state; see ``plan``."""
    place = (scene.base.device, digest(scene.key, method.criterion()))
    return _rankings.get_or_make(place, lambda: plan(scene, method))


def plan(scene: Scene, method: Method) -> RemovalPlan:
    """What a method removes of a network, at all levels.

    Units that are masked already score lowest of all, so that they stay masked and count among the removed.

    Raises:
        BadTensor: scores that are missing, of a wrong shape, or not finite.
        Incompatible: nothing in this network can be pruned so; the sentence says why.
    """
    criterion = scorers[method.scorer](**method.options)
    granularity = granularities[method.granularity](**method.granularity_options)
    allocation = allocations[method.allocation](**method.allocation_options)
    scene = replace(scene, seed=method.seed)
    layout = granularity.layout(scene)
    if not layout.groups:
        raise Incompatible(f"{scene.base.model} has nothing to prune as {granularity.label.lower()}: {layout.why()}.")
    scene = replace(scene, layout=layout, reduction=method.reduction)
    if isinstance(criterion, Solver):
        found = budgeted(scene, granularity, allocation, {})
        table = weights_solved(scene, found.removed)
        return RemovalPlan(layout, found.removed, table, None, scene, granularity.unit, found.reached)
    assert isinstance(criterion, Scorer)
    scores = criterion.score(scene)
    layout = _scored(layout, criterion, scores, scene.base.model)
    scene = replace(scene, layout=layout)
    units = unit_scores(scene, criterion, scores, method)
    units = granularity.order(units)
    reached = LEVELS

    def shares(flat: dict[str, np.ndarray]) -> np.ndarray:
        nonlocal reached
        found = budgeted(scene, granularity, allocation, flat, units)
        reached = found.reached
        return found.removed

    ranking = Ranking.of(units, shares)
    table = weights_removed(scene, ranking)
    if allocation.target != "units":
        ranking, reached = retargeted(ranking, table, scene, allocation.target, reached)
        table = weights_removed(scene, ranking)
    return RemovalPlan(layout, ranking.removed, table, ranking, scene, granularity.unit, reached)


def rank(scene: Scene, method: Method) -> Ranking:
    """The ranking of a network's units by a method.

    Raises:
        Incompatible: the criterion is a solver, which ranks nothing.
    """
    found = plan(scene, method).ranking
    if found is None:
        raise Incompatible(f"'{method.scorer}' is a solver: it gives masks for one level at a time, and no ranking.")
    return found


def _scored(layout: Layout, scorer: Scorer, scores: dict[str, Tensor], model: str) -> Layout:
    """The layout without the groups that this criterion cannot score; these are left alone."""
    why = scorer.reason()
    if not why:
        return layout
    groups = {
        name: group
        for name, group in layout.groups.items()
        if all(member.parameter in scores for member in group.members if member.scored)
    }
    if not groups:
        raise Incompatible(f"{scorer.label} can score no layer of {model}: each {why}. Choose magnitude, say.")
    left = {group.leads: f"it {why}" for name, group in layout.groups.items() if name not in groups}
    return replace(layout, groups=groups, skipped={**layout.skipped, **left})


def unit_scores(scene: Scene, scorer: Scorer, scores: dict[str, Tensor], method: Method) -> dict[str, Tensor]:
    """One score per unit, masked units lowest."""
    assert scene.layout is not None
    gives = scorer.scores_of(method.options)
    if gives == "blocks":
        units = {name: scores[name].float() for name in scene.layout.groups}
    else:
        used = {m.parameter for g in scene.layout.groups.values() for m in g.members if m.scored}
        for name, weight in scene.weights.items():
            if name in used:
                _check(method.scorer, gives, name, weight, scores)
        units = scene.layout.reduced(scores, method.reduction, scene.masks, MASKED)
    masked = {name: unit == MASKED for name, unit in units.items()}
    if not any(bool(mask.any()) for mask in masked.values()):
        return scorer.finish(units, scene)
    finished = scorer.finish({n: torch.where(masked[n], 0.0, unit) for n, unit in units.items()}, scene)
    return {name: torch.where(masked[name], MASKED, unit) for name, unit in finished.items()}


def _check(name: str, gives: str, weight_name: str, weight: Tensor, scores: dict[str, Tensor]) -> None:
    """The scores of one weight are there and of the right shape."""
    if weight_name not in scores:
        raise BadTensor(f"Scorer '{name}' gave no scores for weight '{weight_name}'.")
    shape = tuple(weight.shape)
    wanted = shape if gives == "weights" else (shape[0], *(1,) * (len(shape) - 1))
    if tuple(scores[weight_name].shape) != wanted:
        raise BadTensor(
            f"Scorer '{name}' gave scores of shape {tuple(scores[weight_name].shape)} for weight '{weight_name}' "
            f"of shape {shape}; {wanted} was expected."
        )
