"""What an experiment of a lesson found: each network's quantities, and the table behind its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pruning.results.intervals import wilson
from pruning.results.lessons.quantities import QUANTITIES, looks_of, readings
from pruning.results.lessons.shape import SideBySide

if TYPE_CHECKING:
    import pandas as pd

Findings = dict[str, dict[str, float]]
"""Quantities by name, of each network by name."""


def by_network(experiment: SideBySide, values: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """The values of a run of the experiment's study, by network and by what quantities are read from.

    Args:
        values: in the order of the study's cells and measures.
    """
    given = iter(values)
    names = looks_of(experiment.quantities)
    return {one.name: {name: next(given) for name in names} for one in experiment.variants}


def findings(experiment: SideBySide, values: Sequence[Mapping[str, Any]]) -> Findings:
    """Each network's quantities; ``values`` as in ``by_network``."""
    found = by_network(experiment, values)
    return {name: readings(experiment.quantities, measured) for name, measured in found.items()}


def findings_frame(experiment: SideBySide, values: Sequence[Mapping[str, Any]], quantity: str = "") -> pd.DataFrame:
    """One quantity (the first, if none is named) of each network: ``name``, ``value``, and ``low`` and ``high``, the
    95 % Wilson interval of an accuracy, NaN for what has none; ``count``, images."""
    import pandas as pd

    quantity = quantity or experiment.quantities[0]
    rows = []
    for name, measured in by_network(experiment, values).items():
        value, low, high, count = readings((quantity,), measured)[quantity], float("nan"), float("nan"), 0
        if quantity == "accuracy":
            count = measured["accuracy"]["count"]
            low, high = (100 * end for end in wilson(measured["accuracy"]["correct"], count))
        rows.append((name, value, low, high, count))
    return pd.DataFrame(rows, columns=["name", "value", "low", "high", "count"])


def finding(table: pd.DataFrame, quantity: str) -> str:
    """The table in one sentence: who has most and who least.

    Args:
        table: of ``findings_frame``.
    """
    about = QUANTITIES[quantity]
    first = table.iloc[0]
    if len(table) == 1:
        return f"{first['name']}: {about.label} {about.words(first['value'])}"
    most, least = table.loc[table["value"].idxmax()], table.loc[table["value"].idxmin()]
    if about.words(most["value"]) == about.words(least["value"]):
        return f"The same {about.label} for all: {about.words(most['value'])}"
    return (
        f"{about.label[0].upper()}{about.label[1:]}: {most['name']} has most, {about.words(most['value'])}; "
        f"{least['name']} least, {about.words(least['value'])}"
    )
