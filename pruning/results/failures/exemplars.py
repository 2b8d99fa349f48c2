"""Pruning-identified exemplars (PIE): inputs that most compressed networks answer otherwise than most dense ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pruning.results.failures.answers import Answers
from pruning.results.failures.shifts import Shift, welch


@dataclass(frozen=True)
class Exemplars:
    """Where the modal label of K compressed networks differs from that of K dense ones (Hooker et al. 2019).

    Attributes:
        which: bool ``(n,)``.
        labels, before, after: right classes and modal labels ``(n,)``.
        votes_before, votes_after: share of the networks that give the modal label ``(n,)``.
        dense_on, dense_off: accuracy of each dense network on exemplars, and on all other inputs, ``(K,)``.
        gap: mean of the first minus that of the second, over networks; None where no or every input is an exemplar.
        agreement: share of the dense networks that give the modal label, mean over the exemplars (NaN without any).
    """

    which: np.ndarray
    labels: np.ndarray
    before: np.ndarray
    after: np.ndarray
    votes_before: np.ndarray
    votes_after: np.ndarray
    dense_on: np.ndarray
    dense_off: np.ndarray
    gap: Shift | None
    agreement: float

    @property
    def share(self) -> float:
        """Share of the inputs that are exemplars."""
        return float(self.which.mean())


def modal(answers: np.ndarray) -> np.ndarray:
    """The most frequent class of each input, the lowest of equals.

    Args:
        answers: int ``(networks, n)``.
    """
    classes = int(answers.max()) + 1
    votes = np.zeros((answers.shape[1], classes), dtype=np.int32)
    for one in answers:
        votes[np.arange(len(one)), one] += 1
    return votes.argmax(1)


def exemplars(dense: Sequence[Answers], small: Sequence[Answers]) -> Exemplars:
    """The exemplars of two sets of networks on the same inputs."""
    old, new = (np.stack([one.answers for one in side]) for side in (dense, small))
    before, after = modal(old), modal(new)
    which = before != after
    right = np.stack([one.right for one in dense])
    nothing = np.full(len(dense), np.nan)
    on = right[:, which].mean(1) if which.any() else nothing
    off = right[:, ~which].mean(1) if not which.all() else nothing
    both = which.any() and not which.all() and len(dense) > 1
    agreement = float((old[:, which] == before[which]).mean()) if which.any() else float("nan")
    votes = ((old == before).mean(0), (new == after).mean(0))
    gap = welch(off, on) if both else None
    return Exemplars(which, dense[0].labels, before, after, *votes, on, off, gap, agreement)
