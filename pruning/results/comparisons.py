"""Comparing curves: area, what is kept within some points of dense, and whether a difference is more than luck.

Accuracies and shares are 0..1, a *point* is one per cent of accuracy. Right and wrong, image by image, are bool arrays
``(seeds, images)`` whose rows belong to the same images in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pruning.common.errors import BadValue
from pruning.results.intervals import mcnemar


def area(x: Sequence[float], y: Sequence[float], low: float, high: float) -> float:
    """Mean height of a curve between two places: its area by the trapezoidal rule, over the width.

    Args:
        x: places, in any order, each once.
        y: heights there; straight lines lie between.
        low, high: the range, inside that of ``x``.

    Raises:
        BadValue: a range that the points do not cover.

    >>> area([0, 50, 100], [1.0, 0.5, 0.0], low=0, high=50)
    0.75
    """
    order = np.argsort(np.asarray(x, dtype=np.float64), kind="stable")
    at, height = np.asarray(x, dtype=np.float64)[order], np.asarray(y, dtype=np.float64)[order]
    if len(at) < 2 or not at[0] <= low < high <= at[-1]:
        raise BadValue(f"A curve of {len(at)} points has no area between {low:g} and {high:g}.")
    inside = (at > low) & (at < high)
    places = np.concatenate([[low], at[inside], [high]])
    return float(np.trapezoid(np.interp(places, at, height), places) / (high - low))


def last_within(x: Sequence[float], lost: Sequence[float], points: float) -> tuple[float | None, bool]:
    """The last place at which a curve has lost no more than so many points.

    Args:
        x: places, ascending.
        lost: dense minus pruned accuracy there, 0..1.
        points: per cent of accuracy.

    Returns:
        The place, interpolated to where the straight line to the next point crosses; and whether the curve was
        followed until it fell further (False: it is still within at its last point). The place is None where every
        point has lost more.

    >>> last_within([50, 80, 90], [0.0, 0.01, 0.05], points=3)  # half way between one point lost and five
    (85.0, True)
    >>> last_within([50, 80], [0.0, 0.01], points=3)
    (80.0, False)
    """
    at, gone = np.asarray(x, dtype=np.float64), 100 * np.asarray(lost, dtype=np.float64)
    within = np.flatnonzero(gone <= points + 1e-9)
    if not len(within):
        return None, True
    last = int(within[-1])
    if last == len(at) - 1:
        return float(at[last]), False
    share = (points - gone[last]) / (gone[last + 1] - gone[last])
    return float(at[last] + max(0.0, share) * (at[last + 1] - at[last])), True


@dataclass(frozen=True)
class Difference:
    """One curve minus another, at one level.

    Attributes:
        difference, low, high: -1..1, with the bounds of an interval of the asked confidence.
        p_value: two-sided.
        seeds, images: how many of each the comparison saw.
        basis: "images" (one network each: McNemar) or "both", images and seeds.
    """

    difference: float
    low: float
    high: float
    p_value: float
    seeds: int
    images: int
    basis: str


def paired(
    one: Mapping[tuple[int, int], np.ndarray], other: Mapping[tuple[int, int], np.ndarray]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Two curves over the same seeds and images, as ``on_same_images`` takes them; None where they share no seed.

    Where several training seeds are shared these are the seeds, and each is the mean over its draws: draws on the same
    weights are no independent networks. Where it is one, its draws are the seeds; a criterion that does not draw stands
    against each of them.

    Args:
        one, other: right and wrong ``(images,)`` by training seed and draw.
    """
    trained = sorted({seed for seed, _ in one} & {seed for seed, _ in other})
    if not trained:
        return None
    images = min(len(bits) for bits in [*one.values(), *other.values()])
    draws = [{draw: bits[:images] for (seed, draw), bits in s.items() if seed == trained[0]} for s in (one, other)]
    if len(trained) > 1:
        means = [
            np.stack([np.mean([b[:images] for (s, _), b in side.items() if s == seed], axis=0) for seed in trained])
            for side in (one, other)
        ]
        return means[0], means[1]
    if min(map(len, draws)) > 1:
        shared = sorted(draws[0].keys() & draws[1].keys())
        return (np.stack([draws[0][d] for d in shared]), np.stack([draws[1][d] for d in shared])) if shared else None
    rows = [[side[draw] for draw in sorted(side)] for side in draws]
    most = max(map(len, rows))
    stacked = [np.stack(side * (most if len(side) == 1 else 1)) for side in rows]
    return stacked[0], stacked[1]


def on_same_images(one: np.ndarray, other: np.ndarray, level: float = 0.95) -> Difference:
    """Whether one curve is above another, from right and wrong on the same images, over the same seeds.

    One seed: McNemar's exact test and its interval (see ``pruning.results.intervals.mcnemar``); how another seed would
    turn out is not known then. Several: seeds and images are both drawn from many, so the differences d (seeds x
    images) follow a crossed random-effects model without replication, and the variance of their mean is estimated
    without bias by (MS_seeds + MS_images - MS_rest) / (seeds x images) (Searle, Casella and McCulloch 1992, *Variance
    Components*, ch. 4). It is never taken as less than what seeds or images alone give, and Student's t has seeds - 1
    degrees of freedom, the fewest of its parts. Satterthwaite's degrees of freedom, the usual choice, promise too much
    with few seeds: by simulation (large numbers of images, all ratios of the two variances) the worst coverage of 95 %
    intervals is then 87 % with two seeds and 92 % with three; with seeds - 1 it is 95 %, and more where images matter.

    Args:
        one, other: ``(seeds, images)``, bool, or the share of draws that are right (0..1).
        level: of confidence.

    Raises:
        BadValue: other shapes.

    >>> one = np.array([[True] * 95 + [False] * 5])
    >>> other = np.array([[True] * 85 + [False] * 15])
    >>> found = on_same_images(one, other)
    >>> found.difference, round(found.p_value, 4), found.basis
    (0.1, 0.002, 'images')
    """
    if one.shape != other.shape or one.ndim != 2 or one.size == 0:
        raise BadValue(f"Verdicts of shape {one.shape} and {other.shape} are not over the same seeds and images.")
    seeds, images = one.shape
    if seeds == 1:
        test = mcnemar(int((other > one).sum()), int((one > other).sum()), images, level)
        return Difference(test["difference"], test["low"], test["high"], test["p_value"], 1, images, "images")
    d = one.astype(np.float64) - other.astype(np.float64)
    rows, columns, mean = d.mean(1, keepdims=True), d.mean(0, keepdims=True), float(d.mean())
    ms_seeds = images * float(((rows - mean) ** 2).sum()) / (seeds - 1)
    ms_images = seeds * float(((columns - mean) ** 2).sum()) / max(1, images - 1)
    ms_rest = float(((d - rows - columns + mean) ** 2).sum()) / max(1, (seeds - 1) * (images - 1))
    variance = max(ms_seeds + ms_images - ms_rest, ms_seeds, ms_images)
    return _student(mean, math.sqrt(variance / d.size), seeds - 1, level, seeds, images)


def _student(mean: float, error: float, freedom: int, level: float, seeds: int, images: int) -> Difference:
    """A mean and its standard error as an interval and a p-value by Student's t."""
    from scipy.special import stdtr, stdtrit  # here, so that verdicts are packed and read without scipy

    half = float(stdtrit(freedom, 0.5 + level / 2)) * error
    p = 2 * float(stdtr(freedom, -abs(mean) / error)) if error else float(mean == 0)
    return Difference(mean, max(-1.0, mean - half), min(1.0, mean + half), p, seeds, images, "both")


def in_words(one: str, other: str, found: Difference, where: str, level: float = 0.95) -> str:
    """A difference as a sentence: "**A** is above **B** by 1.2 points (0.4 to 2.0) at 95 % sparsity: …".

    Args:
        where: "at 95 % sparsity".
        level: of confidence, as the difference was asked for: decides what is more than chance.

    >>> found = Difference(0.012, 0.004, 0.02, 0.003, seeds=1, images=10_000, basis="images")
    >>> in_words("Magnitude", "Random", found, "at 95 % sparsity")
    '**Magnitude** is above **Random** by 1.2 points (0.4 to 2.0) at 95 % sparsity: larger than sampling error.'
    """
    by = 100 * found.difference
    low, high = 100 * found.low, 100 * found.high
    if by < 0:
        one, other, by, low, high = other, one, -by, -high, -low
    low, high = round(low, 1) + 0.0, round(high, 1) + 0.0  # no "-0.0"
    amount = f"by {by:.1f} points ({low:.1f} to {high:.1f}) {where}"
    if found.p_value <= 1 - level:
        what = f" of images and {found.seeds} seeds" if found.basis == "both" else ""
        return f"**{one}** is above **{other}** {amount}: larger than sampling error{what}."
    if found.basis == "both":
        return f"**{one}** and **{other}** differ {amount}: not significant with {found.seeds} seeds."
    return f"**{one}** and **{other}** differ {amount}: within sampling error."
