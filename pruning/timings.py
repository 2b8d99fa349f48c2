"""What measured times say: a speed-up, and whether the times are far enough apart to call it one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SpeedUp:
    """Two variants of a network at one batch size.

    Attributes:
        ratio: median time of the one over the other's: above 1 where the other is faster.
        real: whether the medians are further apart than the times of either variant spread (the larger of the two
            distances between their quartiles).
    """

    ratio: float
    real: bool

    def words(self) -> str:
        """2.1 times faster, 1.3 times slower, or that there is no difference to speak of."""
        if not self.real:
            return "no difference above the spread"
        return f"{self.ratio:.2g} times faster" if self.ratio > 1 else f"{1 / self.ratio:.2g} times slower"


def speed_up(rows: Sequence[Mapping[str, Any]], batch: int, variant: str = "small", than: str = "dense") -> SpeedUp:
    """How much faster one variant is than another, from the ``rows`` of the measure ``latency``."""
    found = {row["variant"]: row for row in rows if row["batch"] == batch}
    one, other = found[than], found[variant]
    spread = max(row["high_ms"] - row["low_ms"] for row in (one, other))
    return SpeedUp(one["median_ms"] / other["median_ms"], abs(one["median_ms"] - other["median_ms"]) > spread)
