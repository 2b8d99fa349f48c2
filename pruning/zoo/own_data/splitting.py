"""Which split an example belongs to, by a hash of its content: adding others moves none from test to training."""

from __future__ import annotations

import numpy as np

from pruning.zoo.kinds import SPLITS

SHARES = {"train": 70, "validation": 10, "test": 20}
"""Per cent of the examples where nobody split them."""
HELD_OUT = 10
"""Per cent of the training examples that are held out for validation where only that is missing."""


def splits_of(hashes: np.ndarray, given: np.ndarray) -> dict[str, np.ndarray]:
    """Positions of the examples of each split, in the order of their hashes: the first ones are a fair sample.

    Args:
        hashes: ``(n, 16)`` uint8, the beginning of the SHA-256 of each example.
        given: ``(n,)`` int, the place in ``SPLITS`` of those that the data splits itself, -1 for the others.

    >>> hashes = np.array([[250, *[0] * 15], [10, *[0] * 15], [190, *[0] * 15]], np.uint8)
    >>> {name: places.tolist() for name, places in splits_of(hashes, np.full(3, -1)).items()}
    {'train': [1], 'validation': [2], 'test': [0]}
    """
    first = np.ascontiguousarray(hashes[:, :8]).view(">u8").ravel()
    percent = (first // np.uint64(2**64 // 100)).astype(np.int64).clip(max=99)
    held = np.array(given)
    free, whole = held < 0, SPLITS.index("validation") in held
    bounds = np.cumsum(list(SHARES.values()))
    held[free] = np.searchsorted(bounds, percent[free], side="right")
    if not free.all() and not whole:
        train = ~free & (held == SPLITS.index("train"))
        held[train & (percent < HELD_OUT)] = SPLITS.index("validation")
    order = np.lexsort(hashes.T[::-1])
    return {name: order[held[order] == place] for place, name in enumerate(SPLITS)}
