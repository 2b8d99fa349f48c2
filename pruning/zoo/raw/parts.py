"""What a reader of strangers' numbers leaves behind for the process that asked: plain arrays, and what is said of them.

``inputs.npy`` or ``pictures.npy`` stay; labels, hashes and splits are read once and go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pruning.common.errors import LETTERS, BadValue
from pruning.zoo.places import PARTS
from pruning.zoo.raw.layout import shown

CLASSES = 10_000
"""Classes that data may have."""
SPLIT_OF = {word: place for place, words in enumerate(PARTS.values()) for word in words}
"""The place of a split in ``SPLITS`` for each word that people have for it."""


def hashes_of(rows: np.ndarray) -> np.ndarray:
    """``(n, 16)`` uint8: the beginning of the SHA-256 of each row."""
    digests = b"".join(hashlib.sha256(row.tobytes()).digest()[:16] for row in np.ascontiguousarray(rows))
    return np.frombuffer(digests, np.uint8).reshape(-1, 16)


def labelled(values: Sequence[Any] | np.ndarray, task: str, what: str, names: Sequence[str] = ()) -> dict[str, Any]:
    """Labels as numbers: ``labels``, ``classes`` (empty for a regression) and the ``task``.

    Args:
        values: whole numbers, other numbers, or words, one for each example.
        task: "classification" or "regression"; empty: classes, but where numbers have decimals.
        names: of the classes 0, 1, 2 …, where the data says them.

    Raises:
        BadValue: words where numbers are asked for; NaN; more classes than are possible.
    """
    found = np.asarray(values)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    numbers = _numbers(found)
    if task == "regression" or not task and numbers is not None and bool((numbers != np.round(numbers)).any()):
        if numbers is None:
            raise BadValue(f"The labels of {what} are words, and a regression needs numbers: choose classification.")
        return {"labels": numbers.astype(np.float32), "classes": [], "task": "regression"}
    if found.ndim != 1:
        raise BadValue(f"Labels of {what} have the shape {found.shape}: one class for each example is needed.")
    if numbers is not None:
        there, labels = np.unique(numbers.astype(np.int64), return_inverse=True)
        known = list(names) if names and there[0] >= 0 and there[-1] < len(names) else []
        labels = numbers.astype(np.int64) if known else labels
        classes = [shown(str(name)) for name in known] or [str(value) for value in there.tolist()]
    else:
        words = [shown(str(value)) for value in found.tolist()]
        classes, labels = (part.tolist() for part in np.unique(np.array(words), return_inverse=True))
    if len(classes) > CLASSES:
        raise BadValue(
            f"{what[:1].upper()}{what[1:]} has {len(classes):,} different labels: as classes {CLASSES:,} are the most. "
            "For numbers choose regression."
        )
    return {"labels": np.asarray(labels, np.int64).ravel(), "classes": classes, "task": "classification"}


def _numbers(found: np.ndarray) -> np.ndarray | None:
    """The values as numbers, where all of them are."""
    if found.dtype.kind in "biuf":
        numbers = found.astype(np.float64)
    else:
        try:
            numbers = np.array([float(str(value)[:LETTERS]) for value in found.ravel().tolist()]).reshape(found.shape)
        except ValueError:
            return None
    return numbers if bool(np.isfinite(numbers).all()) else None


def left(into: Path, labels: np.ndarray, hashes: np.ndarray, given: np.ndarray) -> None:
    """Write what is read once."""
    for name, part in (("labels", labels), ("hashes", hashes), ("given", given)):
        np.save(into / f"read_{name}.npy", part, allow_pickle=False)
