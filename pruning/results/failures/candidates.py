"""What could stand on a watch list: each thing that may have moved, how far, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pruning.results.failures.answers import Answers, paired
from pruning.results.failures.classes import changes, class_table, class_table_of_many
from pruning.results.failures.groups import group_table
from pruning.results.failures.shifts import SMALL, mean_shift

Name = Callable[[int], str]


@dataclass(frozen=True)
class Candidate:
    """Something that a monitor can count, in the dense and the compressed network.

    Attributes:
        what: in words: "recall of Shirt".
        before, after: the share itself, 0..1: of the dense and the compressed network.
        moved, low, high: after minus before with its 95 % interval; for groups and corruptions that of ``beyond``.
        beyond: what it moved more than the whole; a loss is negative.
        p_value: of no movement beyond the whole.
        whole: what the whole moved.
        count: examples in it; ``share``: theirs of all.
    """

    what: str
    before: float
    after: float
    moved: float
    low: float
    high: float
    beyond: float
    p_value: float
    whole: float
    count: int
    share: float


def of_classes(dense: Answers, small: Answers, name: Name) -> list[Candidate]:
    """The recall of each class."""
    dense, small = paired(dense, small)
    whole = float(changes(dense, small).mean())
    return _recalls(class_table(dense, small).to_dict("records"), name, whole, len(dense))


def of_classes_of_many(dense: Sequence[Answers], small: Sequence[Answers], name: Name) -> list[Candidate]:
    """The same over several networks of each kind."""
    whole = float(np.mean([one.right.mean() for one in small]) - np.mean([one.right.mean() for one in dense]))
    return _recalls(class_table_of_many(dense, small).to_dict("records"), name, whole, len(dense[0]))


def _recalls(rows: list[dict], name: Name, whole: float, total: int) -> list[Candidate]:
    return [
        Candidate(
            f"recall of {name(row['label'])}",
            row["recall_dense"],
            row["recall"],
            row["shift"],
            row["low"],
            row["high"],
            row["beyond"],
            row["p_value"],
            whole,
            row["count"],
            row["count"] / total,
        )
        for row in rows
        if row["count"] >= SMALL
    ]


def of_groups(groupings: Mapping[str, np.ndarray], dense: Answers, small: Answers) -> list[Candidate]:
    """The accuracy of each group that is large enough, of one or more groupings (``brightness``: …)."""
    dense, small = paired(dense, small)
    whole, total = float(changes(dense, small).mean()), len(dense)
    return [
        Candidate(
            f"accuracy of {grouping}: {row['group']}",
            row["accuracy_dense"],
            row["accuracy"],
            row["shift"],
            row["gap_low"] + whole,
            row["gap_high"] + whole,
            row["gap_change"],
            row["p_value"],
            whole,
            row["count"],
            row["count"] / total,
        )
        for grouping, groups in groupings.items()
        for row in group_table(groups, dense, small).to_dict("records")
        if not row["small"]
    ]


def of_corruptions(corrupted: Mapping[str, tuple[Answers, Answers]], dense: Answers, small: Answers) -> list[Candidate]:
    """Accuracy under each corruption, beyond what it lost on clean examples; dense and compressed answers by label."""
    found = []
    for label, pair in corrupted.items():
        old, new = paired(*pair)
        count = min(len(old), len(dense), len(small))
        clean = changes(dense.first(count), small.first(count)).astype(float)
        under = changes(old.first(count), new.first(count)).astype(float)
        extra, whole = mean_shift(under - clean), float(clean.mean())
        rates = (float(one.first(count).right.mean()) for one in (old, new))
        moved = (float(under.mean()), extra.low + whole, extra.high + whole, extra.value, extra.p_value)
        found.append(Candidate(f"accuracy under {label}", *rates, *moved, whole, count, 1.0))
    return found


def of_confidence(dense: Answers, small: Answers) -> list[Candidate]:
    """Accuracy minus confidence: below zero a network is surer than it is right."""
    dense, small = paired(dense, small)
    if dense.chances is None or small.chances is None or len(dense) < SMALL:
        return []
    before, after = (one.right - one.confidence for one in (dense, small))
    shift, whole = mean_shift(after - before), float(changes(dense, small).mean())
    rates = (float(before.mean()), float(after.mean()))
    moved = (shift.value, shift.low, shift.high, shift.value, shift.p_value)
    return [Candidate("accuracy minus confidence", *rates, *moved, whole, len(dense), 1.0)]
