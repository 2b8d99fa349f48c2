"""Linear mode connectivity of a lottery experiment: what is measured, the lines as a table, barriers. No torch.

Frankle et al. 2020, Linear Mode Connectivity and the Lottery Ticket Hypothesis: two children of one start, trained on
other data orders, lie in one valley if the error does not rise on the straight line between them. The **barrier** is
the highest error on the line minus the mean of its two ends; below 2 % a network counts as stable to SGD noise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from pruning.common.levels import LEVELS, in_percent
from pruning.study.methods.tickets import Experiment, TicketCell
from pruning.study.study import MeasureSpec, Study

STABLE = 0.02
"""Barrier (share of images) below which the two children count as one valley; section 3.1 of the paper."""
LINE = MeasureSpec(name="connectivity", options={"split": "test", "count": 10_000})
LINES = ("arm", "seed", "place", "error")
BARRIERS = ("arm", "seeds", "barrier", "low", "high")


def line_cells(experiment: Experiment, level: int) -> list[tuple[TicketCell, Study]]:
    """The networks whose children are compared, dense ones and the tickets at a level, each with its study."""
    return [
        (cell, cell.study.model_copy(update={"measures": (LINE,)}))
        for cell in experiment.cells()
        if (cell.arm, cell.level) in (("dense", 0), ("ticket", level))
    ]


def finished_levels(experiment: Experiment, table: pd.DataFrame) -> list[int]:
    """Levels (per mille) at which every seed has its trained ticket, once every seed has its dense network."""
    have = table.groupby(["arm", "level"])["seed"].nunique().to_dict()
    count = len(experiment.seeds)
    if have.get(("dense", 0), 0) < count:
        return []
    return [level for level in experiment.levels if have.get(("ticket", level), 0) == count]


def lines_frame(values: Iterable[tuple[str, int, Mapping[str, Any]]]) -> pd.DataFrame:
    """One row a place of a line, from (arm, seed, value of the measure ``connectivity``); ``error`` is 0..1."""
    return pd.DataFrame(
        [
            (arm, seed, place, error)
            for arm, seed, value in values
            for place, error in zip(value["places"], value["errors"], strict=True)
        ],
        columns=list(LINES),
    )


def barriers_frame(lines: pd.DataFrame) -> pd.DataFrame:
    """Mean, lowest and highest barrier (0..1) over the seeds of each arm."""
    found = []
    for arm in ("ticket", "dense"):
        each = [_barrier(group) for _, group in lines[lines["arm"] == arm].groupby("seed")]
        if each:
            found.append((arm, len(each), sum(each) / len(each), min(each), max(each)))
    return pd.DataFrame(found, columns=list(BARRIERS))


def _barrier(line: pd.DataFrame) -> float:
    errors = line.sort_values("place")["error"]
    return float(errors.max() - (errors.iloc[0] + errors.iloc[-1]) / 2)


def valley_sentence(barriers: pd.DataFrame, level: int) -> str:
    """What the barriers say, as the title of their chart."""
    if barriers.empty:
        return "No line is measured yet"
    names = {"ticket": f"the ticket at {in_percent(LEVELS - level)} of the weights", "dense": "dense"}
    said = ", ".join(
        f"{100 * row['barrier']:.1f} points for {names[row['arm']]} "
        f"({'one valley' if row['barrier'] < STABLE else 'two valleys'})"
        for row in barriers.to_dict("records")
    )
    return f"Barrier between two children: {said}"


def barrier_sentence(barriers: pd.DataFrame) -> str:
    """The barriers as numbers with their range over seeds."""
    parts = []
    for row in barriers.to_dict("records"):
        spread = f" ({100 * row['low']:.1f} to {100 * row['high']:.1f})" if row["seeds"] > 1 else ""
        parts.append(f"{row['arm']} **{100 * row['barrier']:.1f} points**{spread}")
    seeds = int(barriers["seeds"].min())
    over = "one seed" if seeds == 1 else f"mean over {seeds} seeds (lowest to highest)"
    return f"Barrier, {over}: {', '.join(parts)}."
