"""What the command line prints: aligned text for people, pure JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pruning.results.table import ORDER, PERCENT, SHORT

if TYPE_CHECKING:
    import pandas as pd

FIRST = (*SHORT[:2], "95 % interval", SHORT[2])
"""What people look for, before all other columns."""


def as_json(content: Any) -> str:
    """Indented JSON; NaN, which JSON does not have, is refused. ASCII alone: no shell's code page can spoil it."""
    return json.dumps(content, indent=1, allow_nan=False)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The table's lines as plain Python values; what is missing is null."""
    plain = frame.astype(object)
    return plain.where(frame.notna(), None).to_dict("records")


def as_text(frame: pd.DataFrame, width: int = 0) -> str:
    """The table for people: what was asked and the accuracy first, shares as percentages, interval in one column.

    Args:
        width: letters of a terminal's line, in which the table goes on below itself; 0: lines are as long as they are.
    """
    shown = frame.drop(columns=["accuracy_low", "accuracy_high"], errors="ignore").astype(object)
    for name in shown.columns:
        shown[name] = [_text(name, value) for value in frame[name]]
    if "accuracy" in shown:
        interval = [
            f"{100 * low:.1f} to {100 * high:.1f} %"
            for low, high in zip(frame["accuracy_low"], frame["accuracy_high"], strict=True)
        ]
        shown.insert(list(shown.columns).index("accuracy") + 1, "95 % interval", interval)
    names = list(shown.columns)
    axes = next((at for at, name in enumerate(names) if name in ORDER), len(names))
    first = [*names[:axes], *(name for name in FIRST if name in names)]
    shown = shown[[*first, *(name for name in names if name not in first)]]
    head, lines = [str(name).replace("_", " ") for name in shown.columns], shown.to_numpy().tolist()
    parts = _folded(head, lines, axes + 1, width) if width else [range(len(head))]
    return "\n\n".join(
        columns([head[at] for at in part], [[line[at] for at in part] for line in lines]) for part in parts
    )


def _folded(head: Sequence[str], lines: Sequence[Sequence[str]], keys: int, width: int) -> list[list[int]]:
    """Columns for each part of a table, each of which begins with the same ``keys`` columns."""
    widths = [max(len(head[at]), *(len(line[at]) for line in lines), 0) + 2 for at in range(len(head))]
    parts: list[list[int]] = [[]]
    for at in range(keys, len(head)):
        if parts[-1] and sum(widths[:keys]) + sum(widths[i] for i in [*parts[-1], at]) - 2 > width:
            parts.append([])
        parts[-1].append(at)
    return [[*range(keys), *part] for part in parts]


def _text(name: str, value: Any) -> str:
    if value is None or value != value:
        return "-"
    if name in PERCENT:
        return PERCENT[name].format(100 * value)
    if name == "seconds":
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def columns(names: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Aligned columns: numbers to the right, words to the left."""
    widths = [max(len(name), *(len(line[at]) for line in lines), 0) for at, name in enumerate(names)]
    right = [all(line[at][:1].isdigit() or line[at][:1] in "-" for line in lines) for at in range(len(names))]

    def one(cells: Sequence[str]) -> str:
        parts = zip(cells, widths, right, strict=True)
        return "  ".join(cell.rjust(width) if number else cell.ljust(width) for cell, width, number in parts).rstrip()

    return "\n".join([one(names), *(one(line) for line in lines)])
