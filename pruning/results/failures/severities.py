"""Bad weather: accuracy under corruptions at each severity, and how much can be pruned before it fails there."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pruning.results.failures.answers import Answers, paired
from pruning.results.failures.classes import changes
from pruning.results.intervals import mcnemar, wilson

POINTS = 0.5
"""Points that a network may lose within its prune potential (Liebenwein et al. 2021)."""


def severity_table(answers: Mapping[tuple[str, int], tuple[Answers, Answers]]) -> pd.DataFrame:
    """A row for each corruption and severity, 0 being clean: ``corruption``, ``severity``, ``count``, ``dense`` and
    ``accuracy`` (0..1) with ``low`` and ``high`` (Wilson), ``shift`` with ``shift_low`` and ``shift_high`` (paired).

    Args:
        answers: of the dense and the compressed network, by corruption and severity.
    """
    rows = []
    for (name, severity), pair in answers.items():
        dense, small = paired(*pair)
        moved = changes(dense, small)
        test = mcnemar(int((moved < 0).sum()), int((moved > 0).sum()), len(dense))
        low, high = wilson(int(small.right.sum()), len(small))
        rates = (float(dense.right.mean()), float(small.right.mean()), low, high)
        rows.append((name, severity, len(dense), *rates, test["difference"], test["low"], test["high"]))
    names = ["corruption", "severity", "count", "dense", "accuracy", "low", "high", "shift", "shift_low", "shift_high"]
    return pd.DataFrame(rows, columns=names).sort_values(["corruption", "severity"], kind="stable", ignore_index=True)


def prune_potential(accuracies: Mapping[int, float], dense: float, most: float = POINTS) -> int:
    """The highest level (per mille) of those measured up to which no level loses more than ``most`` points; 0 where the
    first one does.

    >>> prune_potential({500: 0.931, 800: 0.93, 900: 0.92}, dense=0.934)
    800
    """
    best = 0
    for level in sorted(accuracies):
        if 100 * (dense - accuracies[level]) > most + 1e-9:
            break
        best = level
    return best


def relative_damage(table: pd.DataFrame) -> pd.DataFrame:
    """By corruption, over its severities: ``corruption``, ``dense``, ``accuracy`` (means), ``shift`` (mean) and
    ``beyond``, the shift minus that on clean images; the most damaged first."""
    clean = table[table["severity"] == 0]
    lost = float(clean["shift"].iloc[0]) if len(clean) else 0.0
    found = table[table["severity"] > 0].groupby("corruption")[["dense", "accuracy", "shift"]].mean().reset_index()
    return found.assign(beyond=found["shift"] - lost).sort_values(["beyond", "corruption"], ignore_index=True)
