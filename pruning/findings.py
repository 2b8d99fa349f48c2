"""What papers on recovery report, checked on trainings of the embedded models. No torch.

``assets/reproduced/*.json`` and ``assets/lottery/*.json`` hold rows as ``assets/reproduce.py`` writes them: one trained
network each, with ``experiment``, ``model``, ``arm``, ``level`` (sparsity, per mille), ``seed``, ``correct`` of
``count`` test images, and ``dense_correct`` of the network that was pruned.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pruning.ticket_tables import paired, read_files

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
    Finding("han", "Pruned twelve times, a network loses nothing", "Han et al. 2015", "iterative", "dense", 0.001),
    Finding("lottery", "A ticket beats its re-initialisation", "Frankle & Carbin 2019", "ticket", "redrawn"),
    Finding("lottery", "A ticket beats a random mask", "Frankle & Carbin 2019", "ticket", "shuffled"),
    Finding("rounds", "Rounds beat one shot at equal steps", "Han et al. 2015", "iterative", "one shot"),
    Finding("rates", "The whole learning-rate schedule again beats fine-tuning at a tenth of its peak",
            "Renda et al. 2020", "rate rewinding", "fine-tuning"),
    Finding("rates", "The same from early weights beats fine-tuning", "Renda et al. 2020", "weight rewinding",
            "fine-tuning"),
)  # fmt: skip


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
            found.append((
                finding.claim, finding.reference, model, level, mean, mean - half, mean + half, wins, len(seeds),
                max(mine[seed]["steps"] for seed in seeds), verdict,
            ))  # fmt: skip
    return pd.DataFrame(found, columns=list(COLUMNS))


def read(*folders: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All rows of some folders, and what each file says of itself; one that cannot be read is left out, and logged."""

    def made(content: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        given = {name: content[name] for name in ("experiment", "model") if name in content}
        return [row | given for row in content.pop("rows")], content

    found = read_files(made, *folders)
    return [row for rows, _ in found for row in rows], [about for _, about in found]


def words(line: Mapping[str, Any]) -> str:
    """The difference with its interval: "+1.2 points (+0.8 to +1.6)"."""
    mean, low, high = (f"{round(100 * line[name], 1) + 0.0:+.1f}" for name in ("points", "low", "high"))
    return f"{mean} points ({'one seed' if math.isnan(line['low']) else f'{low} to {high}'})"
