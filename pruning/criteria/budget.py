"""What an allocation sees, and the arithmetic that all of them share: bounds, water-filling, thresholds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from torch import Tensor

from pruning.common.levels import LEVELS
from pruning.criteria.ranking import counts
from pruning.criteria.thresholds import split_globally
from pruning.network.units import Layout

if TYPE_CHECKING:
    from pruning.network.scene import Scene


Side = Literal["left", "right"]


@dataclass(frozen=True)
class Budget:
    """One row per group of units, in forward order; one column per level.

    Attributes:
        names: of the groups.
        levels: sparsities in per mille, ascending, ``(levels,)``.
        sizes: units per group, ``(groups,)`` int64.
        shapes: for each group the shape of the weight that leads it.
        lower, upper: least and most units removed, ``(groups, levels)`` int64, never falling with the level.
        ordered: for each group its unit scores in ascending order; empty for solvers, which have none.
        layout, scene: the units and the network, for allocations that look at it; no scene for bare scores.
        units: the unit scores by group, in their places; empty for solvers.
    """

    names: tuple[str, ...]
    levels: np.ndarray
    sizes: np.ndarray
    shapes: tuple[tuple[int, ...], ...]
    lower: np.ndarray
    upper: np.ndarray
    ordered: tuple[np.ndarray, ...]
    layout: Layout
    scene: Scene | None = None
    units: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def bounded(self) -> bool:
        """Whether a bound says more than "between none and all"."""
        return bool(self.lower.any() or (self.upper != self.sizes[:, None]).any())

    def fill(self, density: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Units removed when a family of densities is followed until the whole network's share is met.

        Args:
            density: of ``(1, levels)`` parameters in 0..1, never falling with the parameter, to the share kept per
                group ``(groups, levels)``; 0 gives 0 and 1 gives 1 everywhere. What exceeds a bound is cut off, and
                the other groups make up for it.

        Returns:
            ``(groups, levels)`` int64; each group is rounded by itself, so that sums may miss by half a unit a group
            (by one, where a bound that rises with the level takes a step and no other group may take units back).

        >>> levels, sizes = np.array([0, 500, 900]), np.array([100, 300])
        >>> none, all_ = np.zeros((2, 3), dtype=np.int64), np.repeat(sizes[:, None], 3, axis=1)
        >>> budget = Budget(("small", "large"), levels, sizes, ((10, 10), (10, 30)), none, all_, (), Layout({}))
        >>> budget.fill(lambda t: np.minimum(1, t * np.array([[3], [1]])))  # the small one keeps three times the share
        array([[  0,   0,  80],
               [  0, 200, 280]])
        """
        sizes, wanted = self.sizes[:, None].astype(np.float64), self.levels / 1000 * self.sizes.sum()

        def removed(t: np.ndarray) -> np.ndarray:
            return np.clip(sizes * (1 - density(t)), self.lower, self.upper)

        low, high = np.zeros((1, len(self.levels))), np.ones((1, len(self.levels)))
        for _ in range(60):
            middle = (low + high) / 2
            much = removed(middle).sum(0) > wanted
            low, high = np.where(much, middle, low), np.where(much, high, middle)
        found = np.rint(np.round(removed((low + high) / 2), 6)).astype(np.int64)
        return np.maximum.accumulate(np.clip(found, self.lower, self.upper), axis=1)

    def lowest(self, ordered: tuple[np.ndarray, ...], wanted: np.ndarray | None = None) -> np.ndarray:
        """Units removed when one threshold cuts all groups, within the bounds; counts are exact where bounds allow.

        Of units that tie, those of earlier groups go first. A bound that rises with the level may ask for units that
        another group would have to take back: what was removed at a lower level stays removed.

        Args:
            ordered: comparable scores per group in ascending order, float32.
            wanted: units removed in all at each level, never falling; the level's share unless given.
        """
        wanted = counts(self.levels, int(self.sizes.sum())) if wanted is None else wanted
        if not self.bounded:
            return split_globally(ordered, wanted)
        wanted = np.clip(wanted, self.lower.sum(0), self.upper.sum(0))
        low = np.full(len(self.levels), _rank(np.float32(-np.inf)), dtype=np.int64)
        high = np.full(len(self.levels), _rank(np.float32(np.inf)), dtype=np.int64)
        while (low < high).any():  # the lowest threshold at or under which lie enough scores
            middle = (low + high) // 2
            enough = self._below(ordered, _score(middle), "right").sum(0) >= wanted
            low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
        threshold = _score(low)
        removed = self._below(ordered, threshold, "left")
        tied = self._below(ordered, threshold, "right") - removed
        before = np.cumsum(tied, 0) - tied
        removed += np.clip(wanted - removed.sum(0) - before, 0, tied)
        for level in range(1, len(self.levels)):
            start = np.maximum(self.lower[:, level], removed[:, level - 1])
            if (removed[:, level] < start).any():
                removed[:, level] = _topped_up(ordered, start, removed[:, level], int(wanted[level]))
        return removed

    def _below(self, ordered: tuple[np.ndarray, ...], threshold: np.ndarray, side: Side) -> np.ndarray:
        found = np.stack([np.searchsorted(scores, threshold, side) for scores in ordered])
        return np.clip(found, self.lower, self.upper)


def _topped_up(ordered: tuple[np.ndarray, ...], start: np.ndarray, stop: np.ndarray, wanted: int) -> np.ndarray:
    """``start`` and the lowest scores from there up to ``stop``, until ``wanted`` units are removed in all."""
    lengths = np.maximum(stop - start, 0)
    scores = np.concatenate([s[a : a + n] for s, a, n in zip(ordered, start, lengths, strict=True)])
    owner = np.repeat(np.arange(len(start)), lengths)
    taken = owner[np.argsort(scores, kind="stable")[: max(wanted - int(start.sum()), 0)]]
    return start + np.bincount(taken, minlength=len(start))


def _rank(score: np.float32) -> int:
    """A float32 as an integer in the same order."""
    bits = int(np.float32(score).view(np.int32))
    return bits if bits >= 0 else -(bits & 0x7FFFFFFF)


def _score(rank: np.ndarray) -> np.ndarray:
    """The float32 of that rank."""
    bits = np.where(rank >= 0, rank, (-rank) | 0x80000000).astype(np.uint32)
    return bits.view(np.float32)


def bounds(
    sizes: np.ndarray,
    levels: np.ndarray,
    ends: tuple[int, ...],
    how: str,
    cap: int,
    floor: int,
    masked: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Least and most units removed per group and level.

    Args:
        ends: rows of the groups that hold the first and the last layer.
        how: "same", "half" (half the rate: of what is left, at most half the share that goes in the whole network),
            "last_half" (the last row alone) or "dense" (nothing).
        cap, floor: per mille of a group's units; a floor counts only as far as the level itself.
        masked: units of each group that are gone already: rates are those of this step, as in Frankle & Carbin 2019,
            whose output layer loses 10 % of what is left in each round of 20 %.

    >>> lower, upper = bounds(np.array([100, 300]), np.array([0, 500, 900]), ends=(1,), how="half", cap=800, floor=100)
    >>> lower.tolist()  # a tenth, or the level's share where that is less
    [[0, 10, 10], [0, 30, 30]]
    >>> upper.tolist()  # four fifths, or half of the level's share
    [[80, 80, 80], [0, 75, 135]]
    """
    columns = np.broadcast_to(levels, (len(sizes), len(levels)))
    upper = (np.full(columns.shape, cap) * sizes[:, None]) // 1000
    lower = (np.minimum(floor, columns) * sizes[:, None]) // 1000
    for row in ends if how != "same" else ():
        if how == "last_half" and row != max(ends):
            continue
        gone = 0 if masked is None else int(masked[row])
        most = np.full(len(levels), gone) if how == "dense" else gone + _rates(levels, sizes, masked, row) // 2
        upper[row] = np.minimum(upper[row], most)
    return np.minimum(lower, upper).astype(np.int64), upper.astype(np.int64)


def _rates(levels: np.ndarray, sizes: np.ndarray, masked: np.ndarray | None, row: int) -> np.ndarray:
    """Units of a group that go when, of what it has left, the same share goes as in the whole network."""
    if masked is None or not masked.any():
        return counts(levels, int(sizes[row]))
    before = masked.sum() / sizes.sum()
    share = np.clip((levels / LEVELS - before) / max(1 - before, 1e-30), 0, 1)
    return np.rint(share * (sizes[row] - masked[row])).astype(np.int64)


def multiples(multiple: int | str, sizes: np.ndarray) -> np.ndarray:
    """The multiple of each group, ``(groups, 1)``: the given one, or with "auto" by the group's size, so that narrow
    layers can shrink too.

    >>> multiples("auto", np.array([128, 32, 6])).tolist()
    [[16], [8], [4]]
    """
    if multiple != "auto":
        return np.full((len(sizes), 1), multiple, dtype=np.int64)
    return np.select([sizes >= 64, sizes >= 32], [16, 8], 4)[:, None]


def rounded(
    removed: np.ndarray, sizes: np.ndarray, multiple: int | np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> np.ndarray:
    """Units removed, ``(groups, levels)``, such that kept counts are the nearest multiples that the bounds allow.

    At least one multiple is kept, and what is kept whole stays whole. Where no multiple lies between the bounds, the
    upper one (a cap, an end kept denser) is held and the floor is not.

    >>> sizes = np.array([64])
    >>> rounded(np.array([[0, 13, 60]]), sizes, 8, np.zeros((1, 3)), np.full((1, 3), 64)).astype(int).tolist()
    [[0, 16, 56]]
    """
    whole = sizes[:, None]
    near = (2 * (whole - removed) + multiple) // (2 * multiple) * multiple
    near = np.minimum(near, (whole - lower) // multiple * multiple)
    near = np.maximum(near, np.maximum(-((upper - whole) // multiple), 1) * multiple)
    return np.where(removed == 0, 0, whole - np.minimum(near, whole))
