"""How far a part of the examples moved, and how far the others: intervals, tests, and what many tests cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from pruning.common.errors import BadValue

SMALL = 30
"""Examples below which a class or a group is too small for a verdict."""


@dataclass(frozen=True)
class Shift:
    """A mean change, with its 95 % interval and the p-value of no change."""

    value: float
    low: float
    high: float
    p_value: float


def beyond(inside: np.ndarray, outside: np.ndarray, level: float = 0.95) -> Shift:
    """How much more a part moved than all examples together, the part among them.

    Each example's change is that of right (1) or wrong (0): -1 lost, 0, 1 gained. Welch's interval and test compare the
    part with the others; each side is given one lost and one gained example more, as Bonett and Price (2012) do for
    paired shares, so that a part in which nothing changed still has an uncertain share. The difference to the whole is
    that to the others, times their share.

    Args:
        inside, outside: changes of the part's examples, and of all others, at least one each.

    Raises:
        BadValue: a side is empty.
    """
    if not len(inside) or not len(outside):
        raise BadValue("A part is compared with the others: both need examples.")
    share = len(outside) / (len(inside) + len(outside))
    sides = [np.concatenate([side, (-1.0, 1.0)]) for side in (inside, outside)]
    test = stats.ttest_ind(*sides, equal_var=False)
    low, high = test.confidence_interval(level)
    value = share * (float(np.mean(inside)) - float(np.mean(outside)))
    return Shift(value, share * float(low), share * float(high), float(test.pvalue))


def welch(before: np.ndarray, after: np.ndarray, level: float = 0.95) -> Shift:
    """Mean of ``after`` minus mean of ``before``, over two sets of networks (Welch 1947).

    Where neither set varies, equal means have p = 1 and other means p = 0.

    Raises:
        BadValue: fewer than two networks on a side.
    """
    if min(len(before), len(after)) < 2:
        raise BadValue("Welch's test needs at least two networks on each side.")
    value = float(np.mean(after) - np.mean(before))
    if np.ptp(before) < 1e-9 and np.ptp(after) < 1e-9:
        return Shift(value, value, value, float(abs(value) < 1e-12))
    test = stats.ttest_ind(after, before, equal_var=False)
    low, high = test.confidence_interval(level)
    return Shift(value, float(low), float(high), float(test.pvalue))


def mean_shift(changes: np.ndarray, level: float = 0.95) -> Shift:
    """The mean of paired changes, its t interval, and the t test of zero.

    Raises:
        BadValue: fewer than two.
    """
    if len(changes) < 2:
        raise BadValue("A mean change needs at least two examples.")
    value = float(np.mean(changes))
    if np.ptp(changes) < 1e-12:
        return Shift(value, value, value, float(abs(value) < 1e-12))
    test = stats.ttest_1samp(changes, 0.0)
    low, high = test.confidence_interval(level)
    return Shift(value, float(low), float(high), float(test.pvalue))


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """p-values of many tests, so adjusted that the chance of any false alarm is bounded (Holm 1979).

    >>> holm([0.01, 0.04, 0.03]).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    found = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(found, kind="stable")
    stepped = np.maximum.accumulate(found[order] * np.arange(len(found), 0, -1))
    adjusted = np.empty_like(found)
    adjusted[order] = np.minimum(1.0, stepped)
    return adjusted


def needed(before: float, after: float, power: float = 0.8, level: float = 0.05) -> int | None:
    """How many examples a monitor needs, now and in its reference, to see a share change from ``before`` to ``after``.

    Two independent shares, two-sided, normal approximation (Fleiss 1981, without continuity correction); None where
    nothing changed.

    >>> needed(0.9, 0.8)
    197
    """
    if before == after:
        return None
    z = stats.norm.ppf(1 - level / 2) + stats.norm.ppf(power)
    spread = before * (1 - before) + after * (1 - after)
    return max(1, int(np.ceil(z * z * spread / (after - before) ** 2)))
