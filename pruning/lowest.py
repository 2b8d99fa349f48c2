"""How the lowest of all scores fall on layers that are sorted each by itself, for a thousand numbers of them at once.

Beside the sorting, which grows with the scores, most of the time goes into some searches for each layer and level:
a few milliseconds, whatever the number of scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def reached(ordered: np.ndarray, place: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """How many scores do not exceed each threshold, where the first ``place`` do not and the next may tie with it:
    only where it does is the rest to be searched."""
    found, more = place.copy(), np.flatnonzero(place < len(ordered))
    more = more[ordered[place[more]] == threshold[more]]
    found[more] = ordered.searchsorted(threshold[more], "right")
    return found


def split_globally(ordered: Sequence[np.ndarray], wanted: np.ndarray) -> np.ndarray:
    """How the ``k`` lowest of all scores fall on the layers, for many ``k`` at once.

    The k-th lowest of a union of sorted layers lies between two values of a sparse sample of them; only the few
    scores strictly between the two are looked at. No order of all weights is ever built.

    Args:
        ordered: scores of each layer in ascending order, float32.
        wanted: numbers of units to remove, ``(levels,)``.

    Returns:
        ``(layers, levels)`` int64; its columns sum to ``wanted`` exactly. Ties fall on earlier layers first.
    """
    total = sum(map(len, ordered))
    inner = np.flatnonzero((wanted > 0) & (wanted < total))
    removed = np.zeros((len(ordered), len(wanted)), dtype=np.int64)
    removed[:, wanted >= total] = np.array([len(layer) for layer in ordered])[:, None]
    if not len(inner):
        return removed
    threshold = _lowest(ordered, wanted[inner])
    left = np.stack([layer.searchsorted(threshold) for layer in ordered])
    tied = np.stack([reached(layer, place, threshold) for layer, place in zip(ordered, left, strict=True)]) - left
    before = np.cumsum(tied, 0) - tied
    removed[:, inner] = left + np.clip(wanted[inner] - left.sum(0) - before, 0, tied)
    return removed


def _lowest(ordered: Sequence[np.ndarray], k: np.ndarray) -> np.ndarray:
    """The ``k``-th lowest scores of the union of sorted layers, ``1 <= k <= total``, ``(levels,)`` float32."""
    total = sum(map(len, ordered))
    # As many in the sample that sorting it takes about as long as looking at what lies between its scores.
    step = max(16, 2 ** round(math.log2(total / (8 * len(k))) / 2))
    sample = np.concatenate([layer[::step] for layer in ordered])
    sample.sort()
    found = np.empty(len(k), dtype=np.float32)
    # A score's place in the sample is known to within half a step per layer; a narrow guess that misses is widened.
    reach, open_ = 4, np.arange(len(k))
    while len(open_):
        wanted, place = k[open_], k[open_] // step + len(ordered) // 2
        low = np.where(place < reach, -np.inf, sample.take(place - reach, mode="clip")).astype(np.float32)
        last = place + reach >= len(sample)
        high = np.where(last, np.inf, sample.take(place + reach, mode="clip")).astype(np.float32)
        starts = np.stack([layer.searchsorted(low, "right") for layer in ordered])
        lengths = np.stack([layer.searchsorted(high) for layer in ordered])
        lengths = np.maximum(lengths - starts, 0, out=lengths)
        upto_low = starts.sum(0)
        below_high = upto_low + lengths.sum(0)
        at_low, at_high = wanted <= upto_low, wanted > below_high
        if at_low.any():
            at_low[at_low] = sum(layer.searchsorted(low[at_low]) for layer in ordered) < wanted[at_low]
        if at_high.any():
            at_high[at_high] = sum(layer.searchsorted(high[at_high], "right") for layer in ordered) >= wanted[at_high]
        found[open_[at_low]], found[open_[at_high]] = low[at_low], high[at_high]
        inside = (upto_low < wanted) & (wanted <= below_high)
        if inside.any():
            between = _between(ordered, starts[:, inside], lengths[:, inside])
            found[open_[inside]] = between[np.arange(len(between)), (wanted - upto_low)[inside] - 1]
        open_, reach = open_[~(at_low | at_high | inside)], reach * 4
    return found


def _between(ordered: Sequence[np.ndarray], starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """For each level ``lengths`` scores of each layer from ``starts``, ascending, padded with infinity.

    Both are ``(layers, levels)``.
    """
    ends = lengths.cumsum(0)
    table = np.full((lengths.shape[1], ends[-1].max()), np.inf, dtype=np.float32)
    first = np.arange(len(table)) * table.shape[1]
    for layer, start, length, end in zip(ordered, starts, lengths, ends, strict=True):
        some = np.flatnonzero(length)
        length = length[some]
        last = length.cumsum()
        within = np.arange(last[-1] if len(last) else 0)
        source, target = start[some] + length - last, first[some] + end[some] - last
        table.reshape(-1)[within + target.repeat(length)] = layer[within + source.repeat(length)]
    table.sort(axis=1)
    return table
