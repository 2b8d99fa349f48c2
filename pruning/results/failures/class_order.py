"""Whether labels and outputs count the same classes in different orders: a renaming of classes would make it right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pruning.results.failures.answers import Answers

LEAST = 40
"""Examples below which nothing is said."""
GAIN, HIGH = 0.25, 0.5
"""A renaming must win so much accuracy, and reach so much, on examples that it was not found on."""


def renaming(seen: Answers) -> dict[int, int]:
    """The answer that best stands for each label, one for each: the assignment of most examples in the table of labels
    and answers (Kuhn 1955; ``scipy.optimize.linear_sum_assignment``)."""
    from scipy.optimize import linear_sum_assignment

    size = int(max(seen.labels.max(initial=0), seen.answers.max(initial=0))) + 1
    table = np.zeros((size, size), np.int64)
    np.add.at(table, (seen.labels, seen.answers), 1)
    labels, answers = linear_sum_assignment(table, maximize=True)
    there = set(np.unique(seen.labels).tolist())
    return {label: answer for label, answer in zip(labels.tolist(), answers.tolist(), strict=True) if label in there}


def order_sentence(seen: Answers, name: Callable[[int], str], unit: str = "images") -> str:
    """A sentence where labels and outputs are in different orders; empty where nothing speaks for it.

    The renaming is found on every second example and counted on the others: where it were luck, it would not hold.

    Args:
        name: of a class.
    """
    if len(seen) < LEAST:
        return ""
    there = np.arange(len(seen))
    found, rest = renaming(seen.take(there[::2])), seen.take(there[1::2])
    meant = np.array([found.get(label, -1) for label in rest.labels.tolist()])
    right, renamed = float(rest.right.mean()), float((rest.answers == meant).mean())
    if renamed < max(HIGH, right + GAIN):
        return ""
    moved = [(label, answer) for label, answer in found.items() if label != answer]
    shown = ", ".join(f"'{name(label)}' is answered by output {answer}" for label, answer in moved[:3])
    more = f" and {len(moved) - 3} more" if len(moved) > 3 else ""
    return (
        f"Labels and outputs are in different orders: {100 * right:.1f} % of {len(rest):,} {unit} are right, and "
        f"{100 * renamed:.1f} % would be if classes were renamed ({shown}{more}; found on {len(seen) - len(rest):,} "
        "others). Say the network's classes in the order of its outputs when it is added."
    )
