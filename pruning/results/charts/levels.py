"""Levels of sparsity as charts check and write them."""

from __future__ import annotations

from pruning.common.errors import BadValue
from pruning.common.levels import LEVELS, percent_digits
from pruning.results.charts.base import NBSP


def check_level(level: int) -> int:
    """A sparsity level in per mille.

    Raises:
        BadValue: outside 0..1000.
    """
    if not 0 <= level <= LEVELS:
        raise BadValue(f"A sparsity level is per mille, 0 to {LEVELS}, not {level}.")
    return int(level)


def level_percent(level: float) -> str:
    """A level in per cent: 975 -> "97.5 %"; no line breaks before its sign."""
    return f"{percent_digits(level)}{NBSP}%"
