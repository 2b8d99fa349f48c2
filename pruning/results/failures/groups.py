"""Which groups pay: accuracy, errors and the change of the gap, group by group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pruning.common.bits import array_of
from pruning.common.errors import BadValue
from pruning.results.failures.answers import Answers, paired
from pruning.results.failures.classes import changes
from pruning.results.failures.shifts import SMALL, beyond, holm
from pruning.results.intervals import wilson

QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")


def quarters(values: np.ndarray) -> np.ndarray:
    """The quarter of each value among all of them, in words; equal values are in one quarter."""
    edges = np.quantile(values, (0.25, 0.5, 0.75))
    return np.array(QUARTERS, dtype=object)[np.searchsorted(edges, values, side="left")]


def group_table(groups: np.ndarray, dense: Answers, small: Answers) -> pd.DataFrame:
    """A row for each group, the most damaged first.

    ``group``, ``count``, ``small`` (fewer than 30 examples: no verdict); ``accuracy_dense`` and ``accuracy`` with
    ``low`` and ``high`` (Wilson); ``shift``, their difference; ``gap_change``, what the group moved more than all, with
    ``gap_low``, ``gap_high``, ``p_value`` and ``p_holm`` (over the groups that are large enough; see ``beyond``);
    ``miss_dense``, ``miss`` (false negative rate) and ``alarm_dense``, ``alarm`` (false positive rate), each the mean
    over the classes that have examples to be missed, or to be taken for the class, in the group.

    Args:
        groups: the group of each example, ``(n,)``; at least as many as were answered.

    Raises:
        BadValue: fewer groups than examples.
    """
    dense, small = paired(dense, small)
    if len(groups) < len(dense):
        raise BadValue(f"There are groups for {len(groups):,} examples, and {len(dense):,} were answered.")
    groups, moved, rows = np.asarray(groups)[: len(dense)], changes(dense, small), []
    for group in sorted(set(groups.tolist()), key=str):
        mine = groups == group
        low, high = wilson(int(small.right[mine].sum()), int(mine.sum()))
        extra = beyond(moved[mine], moved[~mine]) if not mine.all() else None
        gap = (extra.value, extra.low, extra.high, extra.p_value) if extra else (0.0, 0.0, 0.0, 1.0)
        accuracy = (float(dense.right[mine].mean()), float(small.right[mine].mean()))
        rates = [rate for one in (dense, small) for rate in _rates(one.take(mine))]
        few = int(mine.sum()) < SMALL
        head = (str(group), int(mine.sum()), few, *accuracy, low, high, accuracy[1] - accuracy[0])
        rows.append((*head, *gap, np.nan, *rates))
    names = ["group", "count", "small", "accuracy_dense", "accuracy", "low", "high", "shift"]
    names += ["gap_change", "gap_low", "gap_high", "p_value", "p_holm", "miss_dense", "alarm_dense", "miss", "alarm"]
    table = pd.DataFrame(rows, columns=names)
    large = ~table["small"].to_numpy(bool)
    table.loc[large, "p_holm"] = holm(table.loc[large, "p_value"].to_numpy())
    return table.sort_values(["small", "shift", "group"], kind="stable").reset_index(drop=True)


def _rates(one: Answers) -> tuple[float, float]:
    """Mean false negative and false positive rate over classes."""
    misses, alarms = [], []
    for label in np.union1d(one.labels, one.answers):
        mine, said = one.labels == label, one.answers == label
        if mine.any():
            misses.append((mine & ~said).sum() / mine.sum())
        if not mine.all():
            alarms.append((said & ~mine).sum() / (~mine).sum())
    return float(np.mean(misses)), float(np.mean(alarms)) if alarms else 0.0


def groupings(value: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Groups of examples by each property that a result of the measure ``properties`` has: quarters of numbers that
    differ, and words as they are; ``(count,)`` each."""
    count, found = value["count"], {}
    for name, text in value["numbers"].items():
        numbers = array_of(text, "float16", count).astype(np.float64)
        if len(np.unique(numbers)) > 1:
            found[name] = quarters(numbers)
    for name, words in value["words"].items():
        known = np.array(words["known"], dtype=object)
        found[name] = known[array_of(words["places"], "uint16", count).astype(np.int64)]
    return found
