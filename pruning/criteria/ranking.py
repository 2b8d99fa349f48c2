"""One ranking of all units answers every level of sparsity.

A ranking criterion gives every unit one score, higher = keep. The scores of each layer are sorted once; from then on
the number removed per layer at each of the 1,001 levels is a table, and the exact mask at a level is one comparison
with a threshold. Masks are nested, and "prune k" removes exactly k: of units that tie, those that come first go first
(the order of a stable sort of all scores in forward order of the layers).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pruning.common.errors import BadTensor, BadValue
from pruning.common.levels import LEVELS
from pruning.criteria.thresholds import reached

MASKED = float(np.finfo(np.float32).min)
"""Score of a unit that is masked already: the lowest there is."""


@dataclass(frozen=True)
class Ranking:
    """Scores and the table made of them.

    Attributes:
        scores: for each layer, in forward order, one float32 score per unit, in the unit's shape.
        removed: ``(layers, 1001)`` int64, units removed at each level in per mille, or masked already.
        thresholds: ``(layers, 1001)`` float32, the highest score removed (-inf where none is).
        upto: ``(layers, 1001)`` int64, units whose score does not exceed the threshold.

    >>> scores = {"fc": torch.tensor([0.3, 0.1, 0.2, 0.4])}
    >>> ranking = Ranking.of(scores, lambda ordered: counts(np.arange(1001), 4)[None])
    >>> ranking.mask("fc", 500).tolist(), ranking.mask("fc", 750).tolist()
    ([True, False, False, True], [False, False, False, True])
    >>> ranking.first_levels()["fc"].tolist()
    [626, 126, 375, 875]
    """

    scores: dict[str, Tensor]
    removed: np.ndarray
    thresholds: np.ndarray
    upto: np.ndarray

    @classmethod
    def of(cls, scores: Mapping[str, Tensor], table: Callable[[dict[str, np.ndarray]], np.ndarray]) -> Ranking:
        """Sort once and build the table.

        Args:
            scores: one tensor per group of units.
            table: from the scores of each group in ascending order to the units removed, ``(groups, 1001)``.

        Raises:
            BadTensor: a score is NaN or infinite, or there is nothing to rank.
        """
        if not scores:
            raise BadTensor("There is nothing to rank: the model has no prunable weight.")
        flat: dict[str, np.ndarray] = {}
        for name, score in scores.items():
            values = score.detach().to("cpu", torch.float32).flatten().numpy()
            flat[name] = np.sort(values)
            # Infinities lie at the ends of a sorted array, NaN at its upper end: two looks are enough.
            if values.size and not (math.isfinite(flat[name][0]) and math.isfinite(flat[name][-1])):
                bad = int((~np.isfinite(values)).sum())
                raise BadTensor(f"{bad} of {values.size} scores of layer '{name}' are NaN or infinite: no ranking.")
        masked = [ordered.searchsorted(np.float32(MASKED), "right") for ordered in flat.values()]
        removed = np.maximum(table(flat), np.array(masked)[:, None])
        thresholds = np.full(removed.shape, -np.inf, dtype=np.float32)
        upto = removed.copy()
        for row, ordered in enumerate(flat.values()):
            if ordered.size:
                ordered.take(removed[row] - 1, mode="clip", out=thresholds[row])
                thresholds[row, removed[row] == 0] = -np.inf
                upto[row] = reached(ordered, removed[row], thresholds[row])
        kept = {name: score.detach().to(torch.float32).contiguous() for name, score in scores.items()}
        return cls(kept, removed, thresholds, upto)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, in forward order."""
        return tuple(self.scores)

    @property
    def sizes(self) -> np.ndarray:
        """Units per layer, ``(layers,)`` int64."""
        return np.array([score.numel() for score in self.scores.values()], dtype=np.int64)

    def mask(self, name: str, level: int) -> Tensor:
        """The layer's mask at a level: bool, of the scores' shape, True = kept.

        Raises:
            BadValue: the level is not an integer from 0 to 1000.
        """
        if not isinstance(level, int | np.integer) or not 0 <= level <= LEVELS:
            raise BadValue(f"A sparsity level is an integer from 0 to {LEVELS} per mille (given: {level}).")
        row, scores = self.layers.index(name), self.scores[name]
        threshold = float(self.thresholds[row, level])
        keep = scores > threshold
        spared = int(self.upto[row, level] - self.removed[row, level])
        if spared:
            # The last of the tied units stay: those that come first in the stable order are removed first.
            tied = (scores == threshold).flatten().nonzero().squeeze(1)
            keep.view(-1)[tied[len(tied) - spared :]] = True
        return keep

    def first_levels(self) -> dict[str, np.ndarray]:
        """For each unit the lowest level at which it is removed, of the scores' shape; 1001 where it never is."""
        found = {}
        for row, (name, scores) in enumerate(self.scores.items()):
            values = scores.cpu().numpy().ravel()
            levels = np.empty(values.size, dtype=np.int64)
            places = np.arange(values.size)
            levels[np.argsort(values, kind="stable")] = np.searchsorted(self.removed[row], places, "right")
            found[name] = levels.reshape(scores.shape)
        return found

    def masks(self, level: int) -> dict[str, Tensor]:
        """All masks at a level; together they remove exactly ``removed[:, level].sum()`` units."""
        return {name: self.mask(name, level) for name in self.scores}


def counts(levels: np.ndarray, total: int) -> np.ndarray:
    """How many of ``total`` units a level removes: ``round(level / 1000 * total)``, in exact integer arithmetic.

    Halves go to the even number, as Python's ``round`` does.

    >>> counts(np.array([0, 333, 500, 1000]), 10).tolist()
    [0, 3, 5, 10]
    """
    whole, rest = np.divmod(levels.astype(np.int64) * total, LEVELS)
    return whole + ((2 * rest > LEVELS) | ((2 * rest == LEVELS) & (whole % 2 == 1)))
