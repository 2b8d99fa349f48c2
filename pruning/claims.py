"""What the literature claims about orderings, checked on a table of measured accuracies. No torch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

ROOM = 0.01
"""A difference of one point (of accuracy, of sparsity) or less is called a tie."""


COLLAPSE = (("lamp", "global"), ("magnitude_l1", "erk"), ("magnitude_l1", "uniform"), ("snip", "uniform"))
"""Criterion and allocation that the papers say keep every layer alive longer than one threshold for all."""


def claims(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each claim with the numbers behind it and whether it holds on these rows.

    Args:
        rows: one per criterion, control ("" for the criterion itself, "shuffled", "inverted"), granularity, allocation
            and seed, with ``correct`` of ``count`` validation images and ``first_collapse``, the lowest level (per
            mille) at which a layer is empty; rows with an ``error`` are passed over.

    Returns:
        ``claim`` in words, ``scorer``, ``left`` and ``right`` (means over the seeds: accuracies 0..1, or levels
        0..1), ``wins`` of ``seeds`` compared seed by seed, and ``verdict``: "holds" (every seed, by more than a point
        on average), "mixed" (more than a point, not every seed), "tie" or "fails".
    """
    found: dict[tuple[str, str, str, str], dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for row in rows:
        if "error" not in row:
            found[row["scorer"], row["control"], row["granularity"], row["allocation"]][row["seed"]] = row
    made = []
    for (scorer, control, unit, share), mine in sorted(found.items()):
        rivals = [("its shuffled self", scorer, "shuffled"), ("its inverse", scorer, "inverted")]
        if scorer != "random":
            rivals.append(("random", "random", ""))
        for words, rival, its in rivals if not control else ():
            theirs = found.get((rival, its, unit, share))
            if theirs is not None:
                claim = f"{scorer} ({unit}, {share}) is more accurate than {words}"
                made.append(_compared(claim, scorer, _shares(mine, "correct"), _shares(theirs, "correct")))
    for scorer, allocation in COLLAPSE:
        for rival in ("magnitude_l1", "snip"):
            one, other = found.get((scorer, "", "weight", allocation)), found.get((rival, "", "weight", "global"))
            if one is not None and other is not None:
                claim = f"{scorer} ({allocation}) empties its first layer later than {rival} (global)"
                made.append(_compared(claim, scorer, _shares(one, "first_collapse"), _shares(other, "first_collapse")))
    return made


def _shares(rows: Mapping[int, Mapping[str, Any]], what: str) -> dict[int, float]:
    """Accuracies, or levels, from 0 to 1 by seed."""
    return {seed: row[what] / (row["count"] if what == "correct" else 1000) for seed, row in rows.items()}


def _compared(claim: str, scorer: str, mine: Mapping[int, float], theirs: Mapping[int, float]) -> dict[str, Any]:
    """One claim that the left side is above the right one."""
    shared = sorted(set(mine) & set(theirs))
    left, right = ([side[seed] for seed in shared] for side in (mine, theirs))
    wins = sum(a > b for a, b in zip(left, right, strict=True))
    gap = (sum(left) - sum(right)) / len(shared) if shared else 0.0
    if not shared:
        verdict = "not compared"
    elif abs(gap) <= ROOM:
        verdict = "tie"
    elif gap < 0:
        verdict = "fails"
    else:
        verdict = "holds" if wins == len(shared) else "mixed"
    return {
        "claim": claim, "scorer": scorer, "left": _mean(left), "right": _mean(right), "wins": wins,
        "seeds": len(shared), "verdict": verdict,
    }  # fmt: skip


def _mean(values: list[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0
