"""Levels of sparsity: integers in per mille, which people read and write in per cent. No torch."""

from __future__ import annotations

import math
from typing import Any

LEVELS = 1000
"""Sparsity levels are integers in per mille: 0 … 1000."""


def to_percent(levels: Any) -> Any:
    """Levels as numbers in per cent: 975 -> 97.5; a column or an array of them as one."""
    return levels / 10


def percent_digits(level: float) -> str:
    """A level in per cent, without the sign: 975 -> "97.5", 800 -> "80"."""
    return f"{level / 10:g}"


def in_percent(level: float) -> str:
    """A level in per cent: 975 -> "97.5 %", 800 -> "80 %"."""
    return f"{percent_digits(level)} %"


def read_percent(text: str, most: int = LEVELS) -> int:
    """The level that a number in per cent means: "97.5" -> 975.

    Args:
        most: the highest level that is taken.

    Raises:
        ValueError: no number, one outside the range, or one between two levels; but for the first, the sentence says
            what would be right.
    """
    level = float(text) * 10
    if not -0.5 < level < most + 0.5:  # nor is it NaN, or infinite
        raise ValueError(f"A sparsity lies between 0 and {percent_digits(most)} percent.")
    if not math.isclose(level, round(level), rel_tol=0, abs_tol=1e-6):
        raise ValueError("A sparsity is given in percent with at most one decimal, such as 97.5.")
    return round(level)


def share_in_percent(count: float, whole: float = 1) -> str:
    """A part of a whole, or a share (0..1): (918, 1000) -> "91.8 %"."""
    return f"{100 * count / whole:.1f} %"
