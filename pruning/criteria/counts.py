"""How much goes: units of each group and entries of each weight that are removed at every level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from pruning.common.levels import LEVELS
from pruning.criteria.budget import Budget, bounds, multiples, rounded
from pruning.criteria.kinds import Allocation, Granularity
from pruning.criteria.ranking import MASKED, Ranking, counts
from pruning.network.macs import macs_per_weight
from pruning.network.scene import Scene
from pruning.network.units import Layout


@dataclass(frozen=True)
class Shares:
    """How much of each group goes.

    Attributes:
        removed: units, ``(groups, 1001)`` int64; beyond ``reached`` as far as the bounds go, which no step masks.
        reached: the highest level, per mille, up to which the bounds let every level be met without emptying a layer.
    """

    removed: np.ndarray
    reached: int


def budgeted(
    scene: Scene,
    granularity: Granularity,
    allocation: Allocation,
    ordered: dict[str, np.ndarray],
    units: dict[str, Tensor] | None = None,
) -> Shares:
    """What each group gives at all levels: the allocation's units, settled to what patterns allow.

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
    # A level of an N:M pattern says what every M neighbours keep: a layer that lost more gives the others no rest.
    masked = np.zeros_like(sizes) if scene.layout.pattern is not None else _masked(scene, ordered)
    whole, held_back = sizes * granularity.parts, masked * granularity.parts
    lower, upper = bounds(whole, levels, ends, allocation.ends, allocation.cap, allocation.floor, held_back)
    lower, upper = np.maximum(lower, held_back[:, None]), np.maximum(upper, held_back[:, None])
    shapes = tuple(tuple(scene.weights[group.leads].shape) for group in groups.values())
    budget = Budget(
        tuple(groups), levels, whole, shapes, lower, upper, tuple(ordered.values()), scene.layout, scene, units or {}
    )
    given = allocation.removed(budget)
    removed = granularity.settle(given, sizes)
    if allocation.multiple != 1:
        removed = rounded(removed, sizes, multiples(allocation.multiple, sizes), lower, upper)
    return Shares(removed, _reached(budget, given, allocation))


def _reached(budget: Budget, given: np.ndarray, allocation: Allocation) -> int:
    """The highest level up to which the bounds let every level be met.

    Not met is a level for which even the upper bounds do not suffice; and one for which a group is emptied that would
    keep something without them, if the allocation does not say that it may empty layers.
    """
    met = budget.upper.sum(0) >= counts(budget.levels, int(budget.sizes.sum()))
    emptied = (given == budget.sizes[:, None]) & (budget.levels < LEVELS)
    held_back = (budget.upper < budget.sizes[:, None]).any(0)
    if not allocation.empties and (emptied.any(0) & held_back & met).any():
        free = np.broadcast_to(budget.sizes[:, None], budget.upper.shape)
        met &= ~(emptied & (allocation.removed(replace(budget, upper=free)) < free)).any(0)
    return int(np.argmin(met)) - 1 if not met.all() else LEVELS


def _masked(scene: Scene, ordered: dict[str, np.ndarray]) -> np.ndarray:
    """Units of each group that are masked already, ``(groups,)`` int64."""
    assert scene.layout is not None
    if ordered:
        return np.array([np.searchsorted(scores, np.float32(MASKED), "right") for scores in ordered.values()])
    return np.array(
        [
            int((~scene.masks[group.leads]).sum()) if group.single and group.leads in scene.masks else 0
            for group in scene.layout.groups.values()
        ]
    )


def _gone(mask: Tensor, m: int) -> np.ndarray:
    """How many of each M neighbours along the input channels are masked, int64 ``(entries / M,)``."""
    return (~mask).movedim(1, -1).unflatten(-1, (-1, m)).sum(-1).flatten().cpu().numpy()


def weights_removed(scene: Scene, ranking: Ranking) -> np.ndarray:
    """Entries of each prunable weight that are masked at each level, ``(weights, 1001)``: those that a ranking removes,
    and those that earlier masks hold, of the units that it keeps and of the layers that it leaves alone."""
    assert scene.layout is not None
    shapes = {name: tuple(weight.shape) for name, weight in scene.weights.items()}
    groups, patterned = scene.layout.groups, scene.layout.pattern is not None and bool(scene.masks)
    if list(groups) == list(shapes) and all(group.single for group in groups.values()) and not patterned:
        return ranking.removed  # every masked weight is a unit by itself, and counted as one
    return scene.layout.removed_weights(ranking.first_levels(), shapes, scene.masks)


def weights_solved(scene: Scene, removed: np.ndarray) -> np.ndarray:
    """The same for a solver, which decides at each level anew: ``(weights, 1001)`` from the groups' ``removed``.

    In an N:M pattern masked weights go first, so that of M neighbours as many are gone as the pattern asks for, or as
    were masked before, if these are more.
    """
    assert scene.layout is not None
    table = np.zeros((len(scene.weights), LEVELS + 1), dtype=np.int64)
    rows = dict(zip(scene.layout.groups, removed, strict=True))
    for row, (name, weight) in enumerate(scene.weights.items()):
        mask = scene.masks.get(name)
        if name not in rows:
            table[row] = 0 if mask is None else int((~mask).sum())
        elif mask is None or scene.layout.pattern is None:
            table[row] = rows[name]
        else:
            m = scene.layout.pattern
            most = np.maximum(_gone(mask, m)[:, None], np.arange(m + 1)).sum(0)  # where of each M so many are to go
            table[row] = most[rows[name] * m // weight.numel()]
    return table


def retargeted(
    ranking: Ranking, table: np.ndarray, scene: Scene, target: str, reached: int = LEVELS
) -> tuple[Ranking, int]:
    """The same ranking with levels that mean a share of parameters or of MACs instead of units, and the highest level
    that is reached so.

    For each level that column is taken whose share is nearest; what was really removed stands in the profile. Levels
    beyond the highest share there is (of layers that are left alone nothing goes) are not reached.

    Args:
        table: entries of each weight that are masked at each level of units, ``(weights, 1001)``.
        reached: the highest level of units that is reached.
    """
    each = np.ones(len(scene.weights))
    if target == "macs":
        each = np.array(list(macs_per_weight(scene.model, scene.base.model, tuple(scene.weights)).values()))
    sizes = np.array([weight.numel() for weight in scene.weights.values()])
    share = (table * each[:, None]).sum(0)[: reached + 1] / max((sizes * each).sum(), 1e-30)
    wanted = np.arange(LEVELS + 1) / LEVELS
    right = np.clip(np.searchsorted(share, wanted), min(1, reached), reached)
    left = np.maximum(right - 1, 0)
    columns = np.where(wanted - share[left] <= share[right] - wanted, left, right)
    moved = replace(
        ranking,
        removed=ranking.removed[:, columns],
        thresholds=ranking.thresholds[:, columns],
        upto=ranking.upto[:, columns],
    )
    return moved, int(np.flatnonzero(wanted <= share[-1] + 0.5 / LEVELS)[-1])


def ranked(scores: Mapping[str, Tensor], allocation: Allocation) -> Ranking:
    """The ranking of bare scores, every entry a unit: for notebooks, benchmarks and tests, without a network.

    >>> import torch
    >>> from pruning.criteria.kinds import allocations
    >>> scores = {"first": torch.arange(4.0), "last": 10 + torch.arange(4.0)}
    >>> ranked(scores, allocations["global"]()).removed[:, 500].tolist()
    [4, 0]
    >>> ranked(scores, allocations["uniform"]()).removed[:, 500].tolist()
    [2, 2]
    """
    layout = Layout.singles({name: tuple(score.shape) for name, score in scores.items()})

    def table(ordered: dict[str, np.ndarray]) -> np.ndarray:
        sizes = np.array([len(layer) for layer in ordered.values()], dtype=np.int64)
        levels = np.arange(LEVELS + 1)
        ends = tuple({0, len(sizes) - 1})
        lower, upper = bounds(sizes, levels, ends, allocation.ends, allocation.cap, allocation.floor)
        shapes = tuple(group.shape for group in layout.groups.values())
        flat = tuple(ordered.values())
        return allocation.removed(Budget(tuple(ordered), levels, sizes, shapes, lower, upper, flat, layout))

    return Ranking.of(scores, table)
