"""Which classes pay: recall, precision and share of answers, class by class, and the confusions that grew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from pruning.results.failures.answers import Answers, paired
from pruning.results.failures.shifts import beyond, holm, welch
from pruning.results.intervals import mcnemar

CERTAIN = 0.05
COLUMNS = (
    "label",
    "count",
    "recall_dense",
    "recall",
    "shift",
    "low",
    "high",
    "beyond",
    "beyond_low",
    "beyond_high",
    "p_value",
    "p_holm",
    "precision_dense",
    "precision",
    "share_dense",
    "share",
)


def changes(dense: Answers, small: Answers) -> np.ndarray:
    """Of each example: -1 lost, 0, 1 gained; ``(n,)``."""
    return small.right.astype(np.int8) - dense.right.astype(np.int8)


def class_table(dense: Answers, small: Answers) -> pd.DataFrame:
    """One row for each class among the labels, the most damaged first: ``COLUMNS``.

    ``shift`` is the change of recall with the paired interval of Bonett and Price (``mcnemar``); ``beyond`` is what the
    class moved more than all examples together, with its interval and p-value (``shifts.beyond``), and ``p_holm`` the
    same after Holm's correction for all classes. Precision is None where the network never gives the answer.
    """
    dense, small = paired(dense, small)
    moved, rows = changes(dense, small), []
    for label in np.unique(dense.labels):
        mine = dense.labels == label
        test = mcnemar(int((moved[mine] < 0).sum()), int((moved[mine] > 0).sum()), int(mine.sum()))
        extra = beyond(moved[mine], moved[~mine]) if not mine.all() else None
        rows.append(
            (
                int(label),
                int(mine.sum()),
                float(dense.right[mine].mean()),
                float(small.right[mine].mean()),
                test["difference"],
                test["low"],
                test["high"],
                *((extra.value, extra.low, extra.high, extra.p_value) if extra else (0.0, 0.0, 0.0, 1.0)),
                np.nan,
                *(_precision(one, label) for one in (dense, small)),
                *(float((one.answers == label).mean()) for one in (dense, small)),
            )
        )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["p_holm"] = holm(table["p_value"].to_numpy())
    return table.sort_values(["shift", "label"], kind="stable").reset_index(drop=True)


def _precision(one: Answers, label: int) -> float | None:
    said = one.answers == label
    return float(one.right[said].mean()) if said.any() else None


def recalls(networks: Sequence[Answers]) -> tuple[np.ndarray, np.ndarray]:
    """Recall of each class ``(networks, classes)`` and accuracy ``(networks,)``; classes in order."""
    labels = np.unique(networks[0].labels)
    found = [[one.right[one.labels == label].mean() for label in labels] for one in networks]
    return np.array(found), np.array([one.right.mean() for one in networks])


def class_table_of_many(dense: Sequence[Answers], small: Sequence[Answers]) -> pd.DataFrame:
    """The same over several networks: Welch's t-test of a class's recall minus the accuracy (Hooker et al. 2019).

    Columns as far as they apply: ``shift`` is the change of mean recall, ``beyond`` the change of recall minus
    accuracy, both with Welch's intervals over networks.
    """
    (recall_before, before), (recall_after, after) = recalls(dense), recalls(small)
    labels, counts = np.unique(dense[0].labels, return_counts=True)
    rows = []
    for place, label in enumerate(labels):
        old, new = recall_before[:, place], recall_after[:, place]
        shift, extra = welch(old, new), welch(old - before, new - after)
        moved = (shift.value, shift.low, shift.high, extra.value, extra.low, extra.high, extra.p_value)
        rows.append((int(label), int(counts[place]), old.mean(), new.mean(), *moved, np.nan))
    table = pd.DataFrame(rows, columns=list(COLUMNS[:12]))
    table["p_holm"] = holm(table["p_value"].to_numpy())
    return table.sort_values(["shift", "label"], kind="stable").reset_index(drop=True)


def confusions(dense: Answers, small: Answers, most: int = 10) -> pd.DataFrame:
    """The confusions that grew most: ``label``, ``answer``, ``before`` and ``after`` (images), ``grown``, ``p_value``
    (McNemar, exact, on the images that only one network confuses so)."""
    dense, small = paired(dense, small)
    rows = []
    wrong = ~small.right
    for label, answer in sorted(set(zip(small.labels[wrong].tolist(), small.answers[wrong].tolist(), strict=True))):
        here = dense.labels == label
        old, new = (one.answers[here] == answer for one in (dense, small))
        test = mcnemar(int((old & ~new).sum()), int((new & ~old).sum()), int(here.sum()))
        rows.append((label, answer, int(old.sum()), int(new.sum()), int(new.sum() - old.sum()), test["p_value"]))
    table = pd.DataFrame(rows, columns=["label", "answer", "before", "after", "grown", "p_value"])
    table = table[table["grown"] > 0].sort_values(["grown", "label", "answer"], ascending=[False, True, True])
    return table.head(most).reset_index(drop=True)


def who_pays(table: pd.DataFrame, name: Callable[[int], str], whole: float) -> str:
    """The finding in one sentence: who pays, and how sure that is.

    Args:
        table: of ``class_table``.
        name: of a class.
        whole: change of the accuracy over all, -1..1.
    """
    paying = table[(table["p_holm"] < CERTAIN) & (table["beyond"] < 0)]
    said = f"the whole moved by {points(whole)}"
    if paying.empty:
        return f"No class pays more than the others, as far as {int(table['count'].sum()):,} images can tell: {said}"
    first = paying.iloc[0]
    words = f"{name(int(first['label']))} pays: {points(first['shift'])} ({interval(first['low'], first['high'])})"
    more = f" and {len(paying) - 1} more class{'es' if len(paying) > 2 else ''}" if len(paying) > 1 else ""
    return f"{words}{more}, where {said}"


def points(share: float) -> str:
    """A change in points: "-3.4 points".

    >>> points(-0.034), points(0.0)
    ('-3.4 points', '0.0 points')
    """
    value = round(100 * share, 1) + 0.0
    return f"{value:+.1f} points" if value else "0.0 points"


def interval(low: float, high: float) -> str:
    """Bounds in points: "-5.1 to -1.6"."""
    return f"{round(100 * low, 1) + 0.0:+.1f} to {round(100 * high, 1) + 0.0:+.1f}"
