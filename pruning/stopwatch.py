"""How long things take, by turns: what is compared is timed within one run, so that a slow second hits all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import torch

SAMPLE = 0.004
"""Seconds that one sample lasts at least: what is quicker is called several times for one."""
WARM = 3
"""Calls before anything is timed."""
LEAST, MOST = 7, 200
"""Rounds."""


def by_turns(
    works: Mapping[str, Callable[[], object]],
    budget: float,
    device: torch.device | None = None,
    tell: Callable[[float], None] = lambda share: None,
) -> dict[str, list[float]]:
    """Seconds a call of each work, one sample a round; the order moves on by one from round to round.

    Args:
        budget: seconds for all rounds; at least seven rounds are made, and at most 200.
        device: where the works run; a GPU is waited for.
        tell: gets the share of the least rounds that is done, before each sample; it may raise to cancel.
    """

    def sample(work: Callable[[], object], calls: int) -> float:
        began = time.perf_counter()
        for _ in range(calls):
            work()
        if device is not None and device.type == "cuda":
            torch.cuda.synchronize(device)
        return (time.perf_counter() - began) / calls

    names, calls = list(works), {}
    times: dict[str, list[float]] = {name: [] for name in names}
    with torch.inference_mode():
        for name in names:
            tell(0.0)
            sample(works[name], WARM - 1)
            calls[name] = max(1, round(SAMPLE / max(sample(works[name], 1), 1e-6)))
        began, rounds = time.perf_counter(), 0
        while rounds < LEAST or (rounds < MOST and time.perf_counter() - began < budget):
            for place in range(len(names)):
                name = names[(place + rounds) % len(names)]
                tell(min(rounds / LEAST, 1.0))
                times[name].append(sample(works[name], calls[name]))
            rounds += 1
    return times


def quartiles(taken: list[float]) -> dict[str, float]:
    """``median_ms``, and ``low_ms`` and ``high_ms``, the quartiles (milliseconds); ``samples``."""
    low, median, high = (1000 * float(x) for x in np.quantile(taken, (0.25, 0.5, 0.75)))
    return {"median_ms": median, "low_ms": low, "high_ms": high, "samples": len(taken)}


def ratios(than: list[float], taken: list[float]) -> dict[str, float]:
    """``faster``: how many times faster than another work of the same run, the median of the rounds' ratios; and
    ``faster_low`` and ``faster_high``, their quartiles. What slows a whole round down stands on both sides of it."""
    low, median, high = (float(x) for x in np.quantile(np.divide(than, taken), (0.25, 0.5, 0.75)))
    return {"faster": median, "faster_low": low, "faster_high": high}
