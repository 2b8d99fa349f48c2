"""Rankings of the same units, pair by pair: rank correlation, and overlap of what they remove."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pruning.ranking import MASKED, Ranking

MOST = 1_000_000
"""Units that are compared; of a larger network so many are drawn, evenly over the whole of it."""
DIGITS = 4


@dataclass
class Comparison:
    """Ranks of all scorers on the compared units, and the level from which on each removes a unit."""

    seed: int
    unit: str = "weights"
    skipped: dict[str, str] = field(default_factory=dict)
    layers: list[str] = field(default_factory=list)
    units: list[int] = field(default_factory=list)
    first: dict[str, np.ndarray] = field(default_factory=dict)
    _ranks: list[list[np.ndarray]] = field(default_factory=list)
    _chosen: np.ndarray | None = None
    _parts: list[slice] = field(default_factory=list)

    def add(self, name: str, ranking: Ranking, labels: list[str]) -> None:
        """Take in one ranking; all have the same units, in groups with these labels."""
        scores = np.concatenate([score.cpu().numpy().ravel() for score in ranking.scores.values()])
        if self._chosen is None:
            self.layers, self.units = labels, ranking.sizes.tolist()
            chosen = np.flatnonzero(scores != MASKED)
            if len(chosen) > MOST:
                chosen = np.sort(np.random.default_rng(self.seed).choice(chosen, MOST, replace=False))
            ends = np.searchsorted(chosen, np.cumsum([0, *self.units])).tolist()
            self._chosen = chosen
            self._parts = [slice(0, len(chosen)), *(slice(a, b) for a, b in zip(ends, ends[1:], strict=False))]
        levels = np.concatenate([level.ravel() for level in ranking.first_levels().values()])
        self.first[name] = levels[self._chosen].astype(np.int16)
        scores = scores[self._chosen]
        self._ranks.append([_standardised(scores[part]) for part in self._parts])

    def result(self, level: int) -> dict[str, Any]:
        """The measure's result at a level, on the scorers that were taken in so far."""
        gone = np.stack(list(self.first.values())) <= level if self.first else np.zeros((0, 0), bool)
        removed, spearman, jaccard = [], [], []
        for number, part in enumerate(self._parts):
            # float32 counts exactly up to 2^24, and a part has at most MOST units.
            sets = gone[:, part].astype(np.float32)
            both, sizes = sets @ sets.T, sets.sum(1)
            either = sizes[:, None] + sizes[None] - both
            removed.append(sizes.astype(int).tolist())
            jaccard.append(_listed(np.divide(both, either, out=np.full_like(both, np.nan), where=either > 0)))
            ranks = np.stack([ranks[number] for ranks in self._ranks])
            spearman.append(_listed(np.clip(ranks @ ranks.T, -1.0, 1.0)))
        return {
            "scorers": list(self.first), "skipped": dict(self.skipped), "unit": self.unit, "level": level,
            "layers": self.layers, "units": self.units,
            "compared": [part.stop - part.start for part in self._parts[1:]],
            "removed": removed, "spearman": spearman, "jaccard": jaccard,
        }  # fmt: skip


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 in ascending order, float64 of the values' shape ``(n,)``; of values that tie, their mean rank."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(values) else np.zeros(0, np.int64)
    ends = np.append(starts[1:], len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((starts + 1 + ends) / 2, ends - starts)
    return ranks


def _standardised(values: np.ndarray) -> np.ndarray:
    """Ranks around their mean, of length one, so that a scalar product is a correlation; NaN where all values tie."""
    ranks = average_ranks(values)
    ranks -= ranks.mean() if len(ranks) else 0.0
    length = np.sqrt(ranks @ ranks)
    return ranks / length if length > 0 else np.full(len(ranks), np.nan)


def _listed(matrix: np.ndarray) -> list[list[float | None]]:
    """JSON-ready: rounded, None in place of NaN."""
    return [[None if value != value else round(value, DIGITS) for value in row] for row in matrix.tolist()]
