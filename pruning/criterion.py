"""From a state and a pruning step to what it removes at every level: units, scores, budget, ranking."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from pruning import registry
from pruning.budget import Budget, bounds, multiples, rounded
from pruning.criteria import Allocation, Granularity, Scorer, Solver
from pruning.entries import Progress
from pruning.errors import BadTensor, Incompatible
from pruning.limits import LEVELS
from pruning.macs import macs_per_weight
from pruning.passes import Scene
from pruning.ranking import MASKED, Ranking
from pruning.specs import Prune
from pruning.state import State
from pruning.units import Layout


@dataclass(frozen=True)
class Plan:
    """What a criterion, a granularity and an allocation decide for all levels at once.

    Attributes:
        layout: the units, and what is left alone and why.
        removed: ``(groups, 1001)`` int64, units removed at each level.
        weights_removed: ``(weights, 1001)`` int64, entries of each prunable weight removed at each level.
        ranking: the ranked units; None for a solver, which decides at each level anew which units go.
        scene: what the criterion saw.
        noun: what units are called ("channels").
    """

    layout: Layout
    removed: np.ndarray
    weights_removed: np.ndarray
    ranking: Ranking | None
    scene: Scene
    noun: str


def plan(state: State, step: Prune, progress: Progress) -> Plan:
    """The plan of a pruning step on a state.

    Units that are masked already score lowest of all, so that they stay masked and count among the removed.

    Raises:
        BadTensor: scores that are missing, of a wrong shape, or not finite.
        Incompatible: nothing in this network can be pruned so; the sentence says why.
    """
    criterion = registry.scorers[step.scorer](**step.options)
    granularity = registry.granularities[step.granularity](**step.granularity_options)
    allocation = registry.allocations[step.allocation](**step.allocation_options)
    scene = Scene.of(state, step.seed, progress)
    layout = granularity.layout(scene)
    if not layout.groups:
        why = next(iter(layout.skipped.values()), "it has no prunable weight")
        raise Incompatible(f"{state.base.model} has nothing to prune as {granularity.label.lower()}: {why}.")
    scene = replace(scene, layout=layout, reduction=step.reduction)
    if isinstance(criterion, Solver):
        removed = budgeted(scene, granularity, allocation, {})
        table = np.zeros((len(scene.weights), LEVELS + 1), dtype=np.int64)
        rows = {name: row for row, name in enumerate(scene.weights)}
        for name, line in zip(layout.groups, removed, strict=True):
            table[rows[name]] = line
        return Plan(layout, removed, table, None, scene, granularity.unit)
    assert isinstance(criterion, Scorer)
    scores = criterion.score(scene)
    layout = _scored(layout, criterion, scores, state.base.model)
    scene = replace(scene, layout=layout)
    units = unit_scores(scene, criterion, scores, step)
    units = granularity.order(units)
    ranking = Ranking.of(units, lambda flat: budgeted(scene, granularity, allocation, flat, units))
    table = weights_removed(scene, ranking)
    if allocation.target != "units":
        ranking = retargeted(ranking, table, scene, allocation.target)
        table = weights_removed(scene, ranking)
    return Plan(layout, ranking.removed, table, ranking, scene, granularity.unit)


def rank(state: State, step: Prune, progress: Progress) -> Ranking:
    """The ranking of a state's units under a pruning step's criterion and allocation.

    Raises:
        Incompatible: the criterion is a solver, which ranks nothing.
    """
    found = plan(state, step, progress).ranking
    if found is None:
        raise Incompatible(f"'{step.scorer}' is a solver: it gives masks for one level at a time, and no ranking.")
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


def unit_scores(scene: Scene, scorer: Scorer, scores: dict[str, Tensor], step: Prune) -> dict[str, Tensor]:
    """One score per unit, masked units lowest."""
    assert scene.layout is not None
    gives = scorer.scores_of(step.options)
    if gives == "blocks":
        units = {name: scores[name].float() for name in scene.layout.groups}
    else:
        used = {m.parameter for g in scene.layout.groups.values() for m in g.members if m.scored}
        for name, weight in scene.weights.items():
            if name in used:
                _check(step.scorer, gives, name, weight, scores)
        units = scene.layout.reduced(scores, step.reduction, scene.masks, MASKED)
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


def budgeted(
    scene: Scene,
    granularity: Granularity,
    allocation: Allocation,
    ordered: dict[str, np.ndarray],
    units: dict[str, Tensor] | None = None,
) -> np.ndarray:
    """Units removed per group at all levels, ``(groups, 1001)``: the allocation's, settled to what patterns allow.

    Units that are masked already count among the removed, whatever the allocation's bounds say, so that the other
    groups give no more than what is then missing.

    Args:
        ordered: unit scores per group in ascending order; empty for solvers.
        units: the same in the units' places.
    """
    assert scene.layout is not None
    groups = scene.layout.groups
    sizes = np.array([group.count for group in groups.values()], dtype=np.int64)
    levels = np.arange(LEVELS + 1)
    first, last = next(iter(scene.weights)), next(reversed(scene.weights))
    held = [{member.parameter for member in group.members if member.scored} for group in groups.values()]
    ends = tuple(row for row, names in enumerate(held) if first in names or last in names)
    masked = _masked(scene, ordered)
    lower, upper = bounds(sizes, levels, ends, allocation.ends, allocation.cap, allocation.floor, masked)
    lower, upper = np.maximum(lower, masked[:, None]), np.maximum(upper, masked[:, None])
    shapes = tuple(tuple(scene.weights[group.leads].shape) for group in groups.values())
    budget = Budget(
        tuple(groups), levels, sizes, shapes, lower, upper, tuple(ordered.values()), scene.layout, scene, units or {}
    )
    removed = granularity.settle(allocation.removed(budget), sizes)
    if allocation.multiple != 1:
        removed = rounded(removed, sizes, multiples(allocation.multiple, sizes), lower, upper)
    return removed


def _masked(scene: Scene, ordered: dict[str, np.ndarray]) -> np.ndarray:
    """Units of each group that are masked already, ``(groups,)`` int64."""
    assert scene.layout is not None
    if ordered:
        return np.array([np.searchsorted(scores, np.float32(MASKED), "right") for scores in ordered.values()])
    return np.array([
        int((~scene.masks[group.leads]).sum()) if group.single and group.leads in scene.masks else 0
        for group in scene.layout.groups.values()
    ])  # fmt: skip


def weights_removed(scene: Scene, ranking: Ranking) -> np.ndarray:
    """Entries of each prunable weight that a ranking removes at each level, ``(weights, 1001)``."""
    assert scene.layout is not None
    shapes = {name: tuple(weight.shape) for name, weight in scene.weights.items()}
    groups = scene.layout.groups
    if list(groups) == list(shapes) and all(group.single for group in groups.values()):
        return ranking.removed
    return scene.layout.removed_weights(ranking.first_levels(), shapes)


def retargeted(ranking: Ranking, table: np.ndarray, scene: Scene, target: str) -> Ranking:
    """The same ranking with levels that mean a share of parameters or of MACs instead of units.

    For each level that column is taken whose share is nearest; what was really removed stands in the profile.
    """
    each = np.ones(len(scene.weights))
    if target == "macs":
        each = np.array(list(macs_per_weight(scene.model, scene.base.model, tuple(scene.weights)).values()))
    sizes = np.array([weight.numel() for weight in scene.weights.values()])
    share = (table * each[:, None]).sum(0) / max((sizes * each).sum(), 1e-30)
    wanted = np.arange(LEVELS + 1) / LEVELS
    right = np.clip(np.searchsorted(share, wanted), 1, LEVELS)
    columns = np.where(wanted - share[right - 1] <= share[right] - wanted, right - 1, right)
    return replace(
        ranking, removed=ranking.removed[:, columns], thresholds=ranking.thresholds[:, columns],
        upto=ranking.upto[:, columns],
    )  # fmt: skip
