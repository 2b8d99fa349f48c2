"""Rankings of the same units, pair by pair: rank correlation, and overlap of what they remove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pruning.common.levels import LEVELS
from pruning.criteria.ranking import Ranking

MOST = 500_000
"""Units that are compared; of a larger network so many are drawn, evenly over the whole of it."""
DIGITS = 4


@dataclass
class Comparison:
    """All rankings so far, and what was found of each pair of them.

    Args:
        alive: for each group of units, in forward order, which of them were not masked before: bool.
        labels: of the groups.
        seed: of the sample.
    """

    alive: Mapping[str, np.ndarray]
    labels: list[str]
    seed: int
    skipped: dict[str, str] = field(default_factory=dict)
    first: dict[str, np.ndarray] = field(default_factory=dict)
    """For each scorer the level from which on it removes each compared unit; 1001 where it never does."""

    def __post_init__(self) -> None:
        ends = np.cumsum([0, *self.units])
        chosen = np.flatnonzero(np.concatenate([some.ravel() for some in self.alive.values()]))
        if len(chosen) > MOST:
            chosen = np.sort(np.random.default_rng(self.seed).choice(chosen, MOST, replace=False))
        self._chosen, places = chosen, np.searchsorted(chosen, ends).tolist()
        # The whole network first, then its layers.
        self._parts = [slice(0, len(chosen)), *(slice(a, b) for a, b in zip(places, places[1:], strict=False))]
        self._scores: list[np.ndarray] = []
        self._ranks: list[list[np.ndarray]] = []
        self._spearman: list[list[list[float]]] = [[] for _ in self._parts]

    @property
    def units(self) -> list[int]:
        """Units per group, masked ones too."""
        return [some.size for some in self.alive.values()]

    def add(self, name: str, ranking: Ranking) -> None:
        """Take in one ranking. Groups that it leaves alone are kept whole, and have no ranks."""
        levels = ranking.first_levels()
        scores = np.concatenate(
            [
                ranking.scores[group].cpu().numpy().ravel() if group in levels else np.full(some.size, np.nan)
                for group, some in self.alive.items()
            ]
        )[self._chosen].astype(np.float32)
        never = LEVELS + 1
        first = [levels[g].ravel() if g in levels else np.full(some.size, never) for g, some in self.alive.items()]
        self.first[name] = np.concatenate(first)[self._chosen].astype(np.int16)
        self._scores.append(scores)
        self._ranks.append([_standardised(scores[part]) for part in self._parts])
        for number in range(len(self._parts)):
            row = [self._correlation(len(self._scores) - 1, other, number) for other in range(len(self._scores))]
            for before, value in zip(self._spearman[number], row, strict=False):
                before.append(value)
            self._spearman[number].append(row)

    def _correlation(self, one: int, other: int, number: int) -> float:
        """Spearman's correlation of two scorers in one part, over the units that both rank; NaN where there is none."""
        part = self._parts[number]
        both = [self._scores[at][part] for at in (one, other)]
        common = ~(np.isnan(both[0]) | np.isnan(both[1]))
        ranks = [self._ranks[at][number] for at in (one, other)]
        if not common.all():
            ranks = [_standardised(scores[common]) for scores in both]
        return float(np.clip(ranks[0].astype(np.float64) @ ranks[1], -1.0, 1.0)) if len(ranks[0]) else np.nan

    def result(self, level: int) -> dict[str, Any]:
        """What is known at a level: see ``pruning.measures.agreement``."""
        gone = np.stack(list(self.first.values())) <= level if self.first else np.zeros((0, len(self._chosen)), bool)
        removed, jaccard = [], []
        for part in self._parts:
            # float32 counts exactly up to 2^24, and a part has at most MOST units.
            sets = gone[:, part].astype(np.float32)
            both, sizes = sets @ sets.T, sets.sum(1)
            either = sizes[:, None] + sizes[None] - both
            removed.append(sizes.astype(int).tolist())
            jaccard.append(_listed(np.divide(both, either, out=np.full_like(both, np.nan), where=either > 0).tolist()))
        return {
            "scorers": list(self.first),
            "skipped": dict(self.skipped),
            "level": level,
            "layers": self.labels,
            "units": self.units,
            "compared": [part.stop - part.start for part in self._parts[1:]],
            "removed": removed,
            "spearman": [_listed(matrix) for matrix in self._spearman],
            "jaccard": jaccard,
        }


def _standardised(values: np.ndarray) -> np.ndarray:
    """Ranks around their mean, of length one, so that a scalar product is a correlation; NaN where all values tie."""
    from scipy.stats import rankdata  # here: it takes half a second, which only whoever compares scores should wait for

    ranks = rankdata(values)
    ranks -= ranks.mean() if len(ranks) else 0.0
    length = np.sqrt(ranks @ ranks)
    return (ranks / length if length > 0 else np.full(len(ranks), np.nan)).astype(np.float32)


def _listed(matrix: list[list[float]]) -> list[list[float | None]]:
    """JSON-ready: rounded, None in place of NaN."""
    return [[None if value != value else round(value, DIGITS) for value in row] for row in matrix]
