"""The class that pays most, for each way to a smaller network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pruning.common.bits import unpacked
from pruning.results.intervals import wilson
from pruning.results.tradeoffs import Result

WORST = ("worst", "worst_label", "worst_validation", "lowest", "lowest_low", "lowest_high")


def with_worst(table: pd.DataFrame, results: Mapping[str, Result], labels: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The table of ``pruning.results.tradeoffs.frame`` with what each way does to its worst class.

    ``worst``: the change of recall of the class that lost most on test (-1..1), ``worst_label`` that class;
    ``worst_validation`` the same on validation, for choices; ``lowest``: the lowest recall of any class on test, with
    ``lowest_low`` and ``lowest_high`` (Wilson, 95 %).

    Args:
        labels: right classes of "test" and "validation"; without them nothing is known (NaN).
    """
    if table.empty or set(labels) != {"test", "validation"}:
        return table.assign(**dict.fromkeys(WORST, np.nan))
    right = {name: {split: unpacked(getattr(result, split)) for split in labels} for name, result in results.items()}
    dense, rows = right["dense"], []
    for name in table["name"]:
        shifts, lost_by = {}, -1
        for split, classes in labels.items():
            changes = _by_class(right[name][split], classes)[0] - _by_class(dense[split], classes)[0]
            shifts[split] = float(np.nanmin(changes))
            if split == "test":
                lost_by = int(np.nanargmin(changes))
        recalls, hits, counts = _by_class(right[name]["test"], labels["test"])
        place = int(np.nanargmin(recalls))
        bounds = wilson(int(hits[place]), int(counts[place]))
        rows.append((shifts["test"], lost_by, shifts["validation"], float(recalls[place]), *bounds))
    return table.assign(**dict(zip(WORST, map(list, zip(*rows, strict=True)), strict=True)))


def _by_class(right: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recall (NaN without images), hits and images of each class."""
    count = min(len(right), len(labels))
    classes = int(labels.max()) + 1
    counts = np.bincount(labels[:count], minlength=classes)
    hits = np.bincount(labels[:count], weights=right[:count], minlength=classes)
    return np.where(counts > 0, hits / np.maximum(counts, 1), np.nan), hits, counts
