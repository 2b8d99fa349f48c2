"""What the registrations say of the scorers, as tables: kinds, needs, what goes with what."""

from __future__ import annotations

import re

import pandas as pd

from pruning.common.limits import ENTRIES
from pruning.common.memory import remembered
from pruning.criteria.compatibility import allocations_for, fits, granularities_for, shares
from pruning.criteria.kinds import Criterion, Scorer, Solver, allocations, granularities, scorers

FAMILIES = ("weights", "gradients", "activations", "second order", "data-free", "control")
KINDS = {
    "yes": "ranks its units by their weights' scores",
    "itself": "scores these units themselves",
    "masks": "finds masks level by level (solver)",
    "no": "does not go together",
}
SHARED = {
    "yes": "with every criterion",
    "itself": "with rankings only: it reads the scores",
    "no": "does not go together",
}


def kind(entry: type[Criterion]) -> str:
    """Ranking or solver, in a word."""
    return "solver" if issubclass(entry, Solver) else "ranking"


@remembered(ENTRIES)
def goes_with(name: str) -> str:
    """Granularities and allocations of a scorer, in a few words."""
    units = granularities_for(name)
    budgets = list(dict.fromkeys(budget for unit in units for budget in allocations_for(name, unit)))
    words = [
        "any granularity" if units == granularities.names() else ", ".join(granularities[unit].label for unit in units),
        "any allocation"
        if set(budgets) == set(allocations)
        else ", ".join(allocations[budget].label for budget in budgets),
    ]
    said = "; ".join(words)
    return said[0].upper() + said[1:]


def matching(words: str, families: list[str]) -> list[str]:
    """Scorers in whose text every word begins a word, of these families (none: of all), in their order."""
    found, wanted = [], [re.compile(rf"(?<!\w){re.escape(word)}") for word in words.casefold().split()]
    for name in scorers.names():
        entry = scorers[name]
        text = " ".join(
            (
                name,
                entry.label,
                entry.summary,
                entry.idea,
                entry.reference,
                entry.needs,
                entry.family,
                entry.cost,
                entry.fails,
                kind(entry),
                goes_with(name),
            )
        ).casefold()
        if (not families or entry.family in families) and all(word.search(text) for word in wanted):
            found.append(name)
    return found


def by_family(names: list[str]) -> dict[str, list[str]]:
    """Names under their family, families in their order."""
    groups = {family: [name for name in names if scorers[name].family == family] for family in FAMILIES}
    return {family: group for family, group in groups.items() if group}


def criteria_pairs(names: list[str]) -> pd.DataFrame:
    """Criterion by granularity: row, column, kind, why."""
    rows = []
    for name in names:
        entry = scorers[name]
        for unit in granularities.names():
            reason = fits(name, unit)
            if reason is not None:
                sort, why = "no", reason
            elif issubclass(entry, Solver):
                sort, why = "masks", "A solver: it finds masks for one level at a time."
            elif issubclass(entry, Scorer) and entry.scores_of({}) != "weights":
                sort, why = "itself", "It scores these units as a whole."
            else:
                sort, why = "yes", "Scores of single weights are reduced to the unit's score."
            rows.append((entry.label, granularities[unit].label, sort, why))
    return pd.DataFrame(rows, columns=["row", "column", "kind", "why"])


def allocation_pairs() -> pd.DataFrame:
    """Granularity by allocation: row, column, kind, why. Whether one goes is asked of a ranking of single weights."""
    ranking = next(name for name in scorers.names() if issubclass(scorers[name], Scorer))
    rows = []
    for unit in granularities.names():
        for budget in allocations.names():
            reason = shares(ranking, unit, budget)
            scored = allocations[budget].scored
            sort = "no" if reason is not None else "itself" if scored else "yes"
            why = reason or ("It reads the scores, which solvers do not have." if scored else "With every criterion.")
            rows.append((granularities[unit].label, allocations[budget].label, sort, why))
    return pd.DataFrame(rows, columns=["row", "column", "kind", "why"])
