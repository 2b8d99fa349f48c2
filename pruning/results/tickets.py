"""What came of a lottery ticket experiment as tables, and the verdict as numbers and words. No torch.

A **row** is one trained network: ``seed``; ``arm``, one of ``ARMS``; ``level``, the sparsity in per mille (0 for
"dense"); ``correct`` of ``count`` test images after the last step; ``early_step``, the step at the look with the lowest
validation loss (None without looks); ``steps`` of one training; ``diverged``, the step at which the loss was no number
any more, or None. ``assets/lottery/*.json`` hold such rows, stored with the program::

    {"schema_version": 1, "experiment": "lottery", "name": "LeNet-300-100, full", "model": "lenet_300_100",
     "mark": "init", "train": {fields of Train that differ from its defaults}, "made_by": "python assets/reproduce.py",
     "date": "2026-11-24", "machine": "…", "rows": [{"seed": 0, "arm": "ticket", "level": 500, "correct": 8700,
     "count": 10000, "early_step": 380, "steps": 400, "diverged": null}, …]}
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from scipy.special import stdtrit

from pruning.common.errors import reason
from pruning.common.json_text import read_object
from pruning.common.levels import LEVELS, in_percent

log = logging.getLogger(__name__)
T = TypeVar("T")

ARMS = ("dense", "ticket", "redrawn", "shuffled")
ROWS = ("seed", "arm", "level", "correct", "count", "early_step", "steps", "diverged")
MEANS = ("arm", "level", "seeds", "accuracy", "low", "high", "early", "early_low", "early_high")
VERDICTS = ("level", "difference", "low", "high", "wins", "seeds")


def rows_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a table with ``accuracy`` (0..1), which a network that diverged has not: it counts for no mean and no
    verdict."""
    table = pd.DataFrame([{name: row.get(name) for name in ROWS} for row in rows], columns=list(ROWS))
    table["early_step"] = table["early_step"].astype("float64")
    accuracy = table["correct"].astype("float64") / table["count"].astype("float64")
    return table.assign(accuracy=accuracy.where(table["diverged"].isna()))


def means_frame(table: pd.DataFrame) -> pd.DataFrame:
    """Mean, lowest and highest over the seeds, of the final accuracy and of the early-stop step, by arm and level."""
    found, table = [], table.dropna(subset=["accuracy"])
    for arm in ARMS:
        for level, group in table[table["arm"] == arm].groupby("level"):
            accuracy, early = group["accuracy"], group["early_step"]
            found.append(
                (
                    arm,
                    level,
                    group["seed"].nunique(),
                    accuracy.mean(),
                    accuracy.min(),
                    accuracy.max(),
                    early.mean(),
                    early.min(),
                    early.max(),
                )
            )
    return pd.DataFrame(found, columns=list(MEANS))


def verdicts(table: pd.DataFrame, other: str = "redrawn", confidence: float = 0.95) -> pd.DataFrame:
    """Ticket minus a control at each level, seed by seed: mean (-1..1), its interval by the paired t-test, and wins.

    The interval is mean ± t(n - 1) s / √n over the n seeds that have both; with one seed there is none (NaN).

    Args:
        other: the control, or "dense", which is the same at every level.
    """
    accuracy = table.dropna(subset=["accuracy"]).set_index(["arm", "level", "seed"])["accuracy"].to_dict()
    found = []
    for level in sorted({level for arm, level, _ in accuracy if arm == "ticket"}):
        at = 0 if other == "dense" else level
        seeds = sorted(s for a, one, s in accuracy if a == "ticket" and one == level and (other, at, s) in accuracy)
        gaps = [accuracy["ticket", level, seed] - accuracy[other, at, seed] for seed in seeds]
        if gaps:
            mean, half = paired(gaps, confidence)
            found.append((level, mean, mean - half, mean + half, sum(gap > 0 for gap in gaps), len(gaps)))
    return pd.DataFrame(found, columns=list(VERDICTS))


def paired(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Mean and half width of Student's interval over seeds; with one value there is none (NaN)."""
    count, mean = len(values), math.fsum(values) / len(values)
    if count < 2:
        return mean, math.nan
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    return mean, float(stdtrit(count - 1, 0.5 + confidence / 2)) * math.sqrt(variance / count)


def sentence(verdict: Mapping[str, Any], other: str = "redrawn") -> str:
    """A verdict in words: "At 3.1 % of the weights the ticket is 1.9 points above its re-initialisation (…)"."""
    by, seeds = 100 * verdict["difference"], int(verdict["seeds"])
    rival = {"redrawn": "its re-initialisation", "shuffled": "a random mask", "dense": "the dense network"}[other]
    low, high = sorted((100 * verdict["low"], 100 * verdict["high"])) if seeds > 1 else (math.nan, math.nan)
    if by < 0:
        low, high = -high, -low
    sure = f"{low:.1f} to {high:.1f} over {seeds} seeds" if seeds > 1 else "one seed: no interval"
    where = f"At {in_percent(LEVELS - verdict['level'])} of the weights"
    return (
        f"{where} the ticket is {abs(by):.1f} points {'below' if by < 0 else 'above'} {rival} "
        f"({sure}, {int(verdict['wins'])} of {seeds} won)"
    )


@dataclass(frozen=True)
class Stored:
    """A finished experiment that comes with the program; ``about`` holds everything of its file but the rows."""

    name: str
    about: Mapping[str, Any]
    rows: pd.DataFrame


def read_stored(folder: Path) -> list[Stored]:
    """The experiments of a folder, by file name; a file that cannot be read is left out, and logged."""

    def made(content: dict[str, Any]) -> Stored:
        rows = content.pop("rows")
        if any(row["arm"] not in ARMS for row in rows):
            raise ValueError("an unknown arm")
        return Stored(content["name"], content, rows_frame(rows))

    return read_files(made, folder)


def read_files(made: Callable[[dict[str, Any]], T], *folders: Path) -> list[T]:
    """What is made of each JSON file of some folders, in the order of their paths.

    A file that cannot be read, or of which ``made`` says so by ``ValueError``, ``KeyError`` or ``TypeError``, is left
    out, and logged.
    """
    found = []
    for path in sorted(path for folder in folders for path in folder.glob("*.json")):
        try:
            content = read_object(path.read_bytes())
            if content["schema_version"] != 1:
                raise ValueError(f"schema version {content['schema_version']!r} instead of 1")
            found.append(made(content))
        except (OSError, AttributeError, ValueError, KeyError, TypeError) as error:
            log.warning(
                "The stored results %s cannot be read (%s: %s).", path.name, type(error).__name__, reason(error)
            )
    return found
