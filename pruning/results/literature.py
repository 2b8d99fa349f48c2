"""What papers on recovery report, checked on trainings of the embedded models. No torch.

``assets/reproduced/*.json`` and ``assets/lottery/*.json`` hold rows as ``assets/reproduce.py`` writes them: one trained
network each, with ``experiment``, ``model``, ``arm``, ``level`` (sparsity, per mille), ``seed``, ``correct`` of
``count`` test images, and ``dense_correct`` of the network that was pruned.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pruning.results.tickets import paired, read_files

COLUMNS = ("finding", "reference", "model", "level", "points", "low", "high", "wins", "seeds", "steps", "verdict")


@dataclass(frozen=True)
class Finding:
    """A reported ordering: ``arm`` is at least as good as ``rival``, at some sparsities.

    Attributes:
        rival: the other arm, or "dense" for the network before pruning.
        room: points (0..1) that it may be below and still count as equal: "no loss" is no gain.
    """

    experiment: str
    claim: str
    reference: str
    arm: str
    rival: str
    room: float = 0.0


FINDINGS = (
    Finding("han", "12× compression costs no accuracy", "Han et al. 2015", "iterative", "dense", 0.001),
    Finding("lottery", "A ticket beats its re-initialisation", "Frankle & Carbin 2019", "ticket", "redrawn"),
    Finding("lottery", "A ticket beats a random mask", "Frankle & Carbin 2019", "ticket", "shuffled"),
    Finding("rounds", "Rounds beat one shot at equal steps", "Han et al. 2015", "iterative", "one shot"),
    Finding(
        "rates",
        "The whole learning-rate schedule again beats fine-tuning at a tenth of its peak",
        "Renda et al. 2020",
        "rate rewinding",
        "fine-tuning",
    ),
    Finding(
        "rates", "The same from early weights beats fine-tuning", "Renda et al. 2020", "weight rewinding", "fine-tuning"
    ),
)


def findings(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One line for each finding, model and sparsity: ``COLUMNS``.

    ``points`` is the mean difference over the seeds (-1..1), ``low`` and ``high`` its 95 % interval by the paired
    t-test; ``verdict``: "holds" (the mean, on every seed), "mixed" (the mean, not on every seed) or "fails".
    """
    table: dict[tuple[str, str, int, str], dict[int, Mapping[str, Any]]] = {}
    for row in (row for row in rows if row.get("diverged") is None):
        table.setdefault((row["experiment"], row["model"], row["level"], row["arm"]), {})[row["seed"]] = row
    found = []
    for finding in FINDINGS:
        for (experiment, model, level, arm), mine in sorted(table.items()):
            if (experiment, arm) != (finding.experiment, finding.arm):
                continue
            theirs = mine if finding.rival == "dense" else table.get((experiment, model, level, finding.rival), {})
            seeds = sorted(set(mine) & set(theirs))
            if not seeds:
                continue
            what = "dense_correct" if finding.rival == "dense" else "correct"
            gaps = [(mine[seed]["correct"] - theirs[seed][what]) / mine[seed]["count"] for seed in seeds]
            mean, half = paired(gaps)
            wins = sum(gap + finding.room >= 0 if finding.room else gap > 0 for gap in gaps)
            verdict = "fails" if mean < -finding.room else "holds" if wins == len(seeds) else "mixed"
            found.append(
                (
                    finding.claim,
                    finding.reference,
                    model,
                    level,
                    mean,
                    mean - half,
                    mean + half,
                    wins,
                    len(seeds),
                    max(mine[seed]["steps"] for seed in seeds),
                    verdict,
                )
            )
    return pd.DataFrame(found, columns=list(COLUMNS))


def read(*folders: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All rows of some folders, with the description in each file; one that cannot be read is left out, and logged."""

    def made(content: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        given = {name: content[name] for name in ("experiment", "model") if name in content}
        return [row | given for row in content.pop("rows")], content

    found = read_files(made, *folders)
    return [row for rows, _ in found for row in rows], [about for _, about in found]


def words(line: Mapping[str, Any]) -> str:
    """The difference with its interval: "+1.2 points (+0.8 to +1.6)"."""
    mean, low, high = (f"{round(100 * line[name], 1) + 0.0:+.1f}" for name in ("points", "low", "high"))
    return f"{mean} points ({'one seed' if math.isnan(line['low']) else f'{low} to {high}'})"


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
        "claim": claim,
        "scorer": scorer,
        "left": _mean(left),
        "right": _mean(right),
        "wins": wins,
        "seeds": len(shared),
        "verdict": verdict,
    }


def _mean(values: list[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0
