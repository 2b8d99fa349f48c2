"""Why some classes pay: what they were like in the dense network, beside the damage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from pruning.common.errors import BadValue


@dataclass(frozen=True)
class Relation:
    """Spearman's rank correlation over classes, its 95 % interval and p-value."""

    value: float
    low: float
    high: float
    p_value: float
    count: int

    def words(self) -> str:
        """ "0.62 (0.01 to 0.90), 10 classes"."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f}), {self.count} classes"


def relation(trait: np.ndarray, damage: np.ndarray) -> Relation:
    """How a trait of classes goes with their damage. The interval is Fisher's, with the variance that Bonett and Wright
    (2000) give for Spearman's correlation.

    Raises:
        BadValue: fewer than five classes, or all are alike.
    """
    count = len(trait)
    if count < 5 or np.ptp(trait) == 0 or np.ptp(damage) == 0:
        raise BadValue("A correlation needs at least five classes that differ.")
    found = stats.spearmanr(trait, damage)
    value = float(found.statistic)
    half = float(stats.norm.ppf(0.975)) * ((1 + value**2 / 2) / (count - 3)) ** 0.5
    middle = np.arctanh(np.clip(value, -1 + 1e-12, 1 - 1e-12))
    low, high = float(np.tanh(middle - half)), float(np.tanh(middle + half))
    return Relation(value, low, high, float(found.pvalue), count)
