"""What a network answered to each example, read from the measure ``logits``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pruning.common.bits import array_of
from pruning.common.errors import BadValue


@dataclass(frozen=True)
class Answers:
    """On the first n examples of a split.

    Attributes:
        labels, answers: classes, int64 ``(n,)``.
        chances: natural logarithms of the chances of classes, float64 ``(n, classes)``; None where only classes are
            known. Of more than 100 classes the 20 likeliest and the label have their own, and the others share the
            rest evenly.
        energies: logsumexp of the logits, float64 ``(n,)``; None likewise.
    """

    labels: np.ndarray
    answers: np.ndarray
    chances: np.ndarray | None = None
    energies: np.ndarray | None = None

    @classmethod
    def read(cls, value: Mapping[str, Any], count: int | None = None) -> Answers:
        """From a result of the measure ``logits``; ``count``: only its first examples."""
        n, classes = value["count"], value["classes"]
        labels, answers = (array_of(value[name], "uint16", n).astype(np.int64) for name in ("labels", "answers"))
        chances = energies = None
        if "chances" in value:
            energies = array_of(value["energies"], "float16", n).astype(np.float64)
            chances = _columns(value, n, classes, labels)
        found = cls(labels, answers, chances, energies)
        return found if count is None or count >= n else found.first(count)

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> Answers:
        """The same on the first examples alone."""
        return self.take(np.arange(min(count, len(self))))

    def take(self, chosen: np.ndarray) -> Answers:
        """The same on some examples, by positions or by a mask."""
        parts = (self.labels, self.answers, self.chances, self.energies)
        return Answers(*(None if part is None else part[chosen] for part in parts))  # ty: ignore[invalid-argument-type]

    @cached_property
    def right(self) -> np.ndarray:
        """Whether each answer is right, bool ``(n,)``."""
        return self.answers == self.labels

    @cached_property
    def confidence(self) -> np.ndarray:
        """The highest chance, 0..1, ``(n,)``."""
        return np.exp(self.log_chances.max(1))

    @property
    def log_chances(self) -> np.ndarray:
        """``chances``, for what needs them.

        Raises:
            BadValue: only classes are known.
        """
        if self.chances is None:
            raise BadValue("Of these networks only classes were kept: measure 'logits' with keep = 'chances'.")
        return self.chances


def _columns(value: Mapping[str, Any], n: int, classes: int, labels: np.ndarray) -> np.ndarray:
    """Log chances of all classes."""
    if "columns" not in value:
        return array_of(value["chances"], "float16", n, classes).astype(np.float64)
    kept = len(array_of(value["columns"], "uint16", -1)) // max(1, n)
    columns = array_of(value["columns"], "uint16", n, kept).astype(np.int64)
    own = array_of(value["chances"], "float16", n, kept).astype(np.float64)
    rest = np.clip(1 - np.exp(own).sum(1, keepdims=True), 1e-12, None) / (classes - kept)
    full = np.repeat(np.log(rest), classes, axis=1)
    full[np.arange(n), labels] = array_of(value["label_chances"], "float16", n)
    np.put_along_axis(full, columns, own, axis=1)
    return full


def paired(dense: Answers, small: Answers) -> tuple[Answers, Answers]:
    """Both networks on the examples that both have seen.

    Raises:
        BadValue: they did not see the same examples.
    """
    count = min(len(dense), len(small))
    if not np.array_equal(dense.labels[:count], small.labels[:count]):
        raise BadValue("Both networks must have answered the same examples in the same order; the labels differ.")
    return dense.first(count), small.first(count)
