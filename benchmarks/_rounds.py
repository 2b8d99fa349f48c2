"""What all benchmarks time alike: calls in alternating rounds, so that a slow minute of the machine hits them all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def alternating(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Wall times of each call, one a round."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(seconds(work))
    return times


def medians(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median wall time of each call over alternating rounds."""
    return {name: statistics.median(taken) for name, taken in alternating(works, rounds).items()}
