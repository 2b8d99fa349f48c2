"""How the lowest of all scores fall on layers that are sorted each by itself, for a thousand numbers of them at once.

Beside the sorting, which grows with the scores, most of the time goes into a sparse sample of them and one search for
each layer and level: a few milliseconds, whatever the number of scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Layers = Sequence[np.ndarray]
"""Scores of each layer in ascending order, float32; none is empty."""

PART = 2**16
"""Scores looked at together, at most about: memory beside a million scores."""


def reached(ordered: np.ndarray, place: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """How many scores do not exceed each threshold, where the first ``place`` do not and the next may tie with it:
    only where it does is the rest to be searched."""
    found = place.copy()
    if len(ordered):
        more = np.flatnonzero((ordered.take(place, mode="clip") == threshold) & (place < len(ordered)))
        if len(more):
            found[more] = ordered.searchsorted(threshold[more], "right")
    return found


def split_globally(ordered: Sequence[np.ndarray], wanted: np.ndarray) -> np.ndarray:
    """How the ``k`` lowest of all scores fall on the layers, for many ``k`` at once.

    A sparse sample of the sorted layers says about where the k-th lowest score of their union lies; how many scores of
    each layer do not exceed that guess is searched, and the few that are too many or too few are its neighbours in the
    layers. No order of all weights is ever built.

    Args:
        ordered: scores of each layer in ascending order, float32.
        wanted: numbers of units to remove, ``(levels,)``.

    Returns:
        ``(layers, levels)`` int64; its columns sum to ``wanted`` exactly. Ties fall on earlier layers first.

    >>> small, large = np.array([1, 2, 3], np.float32), np.array([10, 20, 30, 40], np.float32)
    >>> split_globally([small, large], np.array([0, 2, 5, 7])).tolist()
    [[0, 2, 3, 3], [0, 0, 2, 4]]
    """
    sizes = np.array([len(layer) for layer in ordered])
    total = int(sizes.sum())
    removed = np.zeros((len(ordered), len(wanted)), dtype=np.int64)
    removed[:, wanted >= total] = sizes[:, None]
    inner = np.flatnonzero((wanted > 0) & (wanted < total))
    if len(inner):
        some = np.flatnonzero(sizes)
        removed[some[:, None], inner] = _split([ordered[row] for row in some], wanted[inner])
    return removed


def _split(layers: Layers, k: np.ndarray) -> np.ndarray:
    """The same for ``0 < k < total`` and layers that hold scores."""
    sizes = np.array([len(layer) for layer in layers])
    # As many in the sample that sorting it takes about as long as looking at the neighbours of its scores.
    step = max(8, 2 ** round(math.log2(sizes.sum() / (16 * len(k))) / 2))
    sample = _sample(layers, step)
    # Each layer's count is known to within a step: on average half of one is missing beyond its last sampled score.
    place = (2 * k + len(layers) * (step - 1)) // (2 * step) - 1
    found = _upto(layers, sample.take(place, mode="clip"))
    del sample  # room for what follows
    miss = k - found.sum(0)
    far = np.minimum(np.abs(miss), len(layers) * step)
    order, done = np.argsort(far), np.zeros(len(k), dtype=bool)
    for times in (1, 4):  # where layers lie apart, most neighbours are of a few of them
        some = order[~done[order]]
        parts = 1 + len(some) * int(_widths(times * far.max(), sizes).sum()) // PART
        for part in np.array_split(some, min(parts, len(some))) if len(some) else ():
            widths = _widths(times * far[part[-1]], sizes)
            beside, sure = _beside(layers, found[:, part], miss[part], widths)
            done[part] = sure
            found[:, part[sure]] = beside[:, sure]
    if not done.all():
        found[:, ~done] = _between(layers, step, k[~done])
    return found


def _widths(far: int, sizes: np.ndarray) -> np.ndarray:
    """How many scores of each layer can be expected, at most, among ``far`` neighbours, and two beyond them."""
    shares = far * sizes / sizes.sum()
    return np.minimum(np.ceil(shares + 3 * np.sqrt(shares)).astype(np.int64), far) + 2


def _beside(layers: Layers, upto: np.ndarray, miss: np.ndarray, widths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The split where the wanted threshold is a neighbour of a guess, and where that is sure, ``(levels,)`` bool.

    Args:
        upto: scores of each layer that do not exceed the guess, ``(layers, levels)``.
        miss: how many more are wanted in all, or fewer where negative, ``(levels,)``.
        widths: how many neighbours of each layer are looked at: above the guess where more are wanted, else below.
    """
    k, ahead = upto.sum(0) + miss, miss > 0
    starts, table, widths, rest = _windows(layers, upto - np.where(ahead, 0, widths[:, None]), widths)
    rank, ends = k - starts.sum(0), widths.cumsum()
    threshold = _picked(table, rank.clip(1, ends[-1]))
    # Only where the farthest neighbours lie beyond the threshold can no score outside lie within, or tie with it.
    above = ((table[:, ends - 1] > threshold[:, None]) | (rest.T == 0)).all(1)
    below = ((table[:, ends - widths] < threshold[:, None]) | (starts.T == 0)).all(1)
    sure = np.where(ahead, above, below) & (rank >= 1) & (rank <= ends[-1])
    found = starts + _each(table <= threshold[:, None], widths)
    many = np.flatnonzero(sure & (found.sum(0) > k))
    if len(many):
        left = starts[:, many] + _each(table[many] < threshold[many, None], widths)
        found[:, many] = _shared(left, found[:, many], k[many])
    return found, sure


def _between(layers: Layers, step: int, k: np.ndarray) -> np.ndarray:
    """The split by bisection, whatever ties there are: ``low`` and ``high`` are places in the sample of which too few
    and enough scores do not exceed the one there. None lies before the first and all before the end."""
    sample = _sample(layers, step)
    low = sample.searchsorted(sample.take((k - 1) // step - 1, mode="clip")) - 1
    high = np.minimum(-(-(k + len(layers) * (step - 1)) // step) - 1, len(sample))
    while len(some := np.flatnonzero(high - low > 1)):
        middle = (low[some] + high[some]) // 2
        enough = _upto(layers, sample[middle]).sum(0) >= k[some]
        low[some], high[some] = np.where(enough, low[some], middle), np.where(enough, middle, high[some])
    upto = np.where(low < 0, 0, _upto(layers, sample.take(low, mode="clip")))
    top = np.where(high < len(sample), sample.take(high, mode="clip"), np.float32(np.inf))
    # Between two neighbours in the sample lies less than a step of each layer.
    starts, table, widths, _ = _windows(layers, upto, np.full(len(layers), step))
    rank = k - starts.sum(0)
    inside = rank <= (table < top[:, None]).sum(1)
    threshold = np.where(inside, _picked(table, np.where(inside, rank, 1)), top)
    left = starts + _each(table < threshold[:, None], widths)
    return _shared(left, _upto(layers, threshold), k)


def _sample(layers: Layers, step: int) -> np.ndarray:
    """Every so many scores of each layer, from its first, ascending."""
    sample = np.concatenate([layer[::step] for layer in layers])
    sample.sort()
    return sample


def _upto(layers: Layers, threshold: np.ndarray) -> np.ndarray:
    """Scores of each layer that do not exceed each threshold, ``(layers, levels)``."""
    found = np.empty((len(layers), len(threshold)), dtype=np.int64)
    for row, layer in zip(found, layers, strict=True):
        row[:] = layer.searchsorted(threshold, "right")
    return found


def _windows(
    layers: Layers, starts: np.ndarray, widths: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For each level, side by side, as many scores of each layer as its width from each start, ``(levels, scores)``.

    Returns:
        The starts, moved so that windows lie within their layers; the scores; the widths, none above its layer's
        scores; how many scores come after each window, ``(layers, levels)``.
    """
    sizes = np.array([len(layer) for layer in layers])
    widths = np.minimum(widths, sizes)
    starts = np.clip(starts, 0, (sizes - widths)[:, None])
    table = np.empty((starts.shape[1], widths.sum()), dtype=np.float32)
    steps, end = np.arange(widths.max()), 0
    for layer, start, width in zip(layers, starts, widths.tolist(), strict=True):
        table[:, end : end + width] = layer.take(start[:, None] + steps[:width], mode="clip")
        end += width
    return starts, table, widths, (sizes - widths)[:, None] - starts


def _picked(table: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """The score of that rank in each row, from 1."""
    return np.sort(table, axis=1)[np.arange(len(table)), rank - 1]


def _each(which: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """How many scores of each layer are marked in each row of windows, ``(layers, levels)``."""
    return np.add.reduceat(which.view(np.int8), widths.cumsum() - widths, axis=1, dtype=np.int32).T


def _shared(left: np.ndarray, upto: np.ndarray, k: np.ndarray) -> np.ndarray:
    """``k`` units of those below a threshold and those up to it, ``(layers, levels)``: ties of earlier layers first."""
    tied = upto - left
    before = tied.cumsum(0) - tied
    return left + np.clip(k - left.sum(0) - before, 0, tied)
