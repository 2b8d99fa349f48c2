"""How long things take, by turns: what is compared is timed within one run, so that a slow second hits all of it.

Where one CPU thread does all the work, its own processor time is taken: on a quiet machine that is the time on the
wall, and on a busy one what other programs take meanwhile is left out (a pass that is interrupted once lasts many times
longer on the wall, and long passes are interrupted more often than short ones). With several threads, or on a GPU, the
wall's clock is taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from pruning.common.environment import machine

SAMPLE = 0.001
"""Seconds that one sample lasts at least: what is quicker is called several times for one. Short, so that the
wall's clock, too, is interrupted in few of the samples by other work on the machine."""
WARM = 3
"""Calls before anything is timed."""
LEAST, MOST = 7, 200
"""Rounds."""
CPU = torch.device("cpu")
FINE = 1e-6
"""Seconds that a thread's clock must tell apart (on some systems it ticks 64 times a second)."""


def conditions(device: torch.device) -> dict[str, Any]:
    """How times are taken here: ``threads`` of torch, ``device``, ``clock`` ("thread": processor time of the thread, or
    "wall"), ``machine``."""
    own = device.type == "cpu" and torch.get_num_threads() == 1 and time.get_clock_info("thread_time").resolution < FINE
    return {
        "threads": torch.get_num_threads(),
        "device": str(device),
        "clock": "thread" if own else "wall",
        "machine": machine(),
    }


def by_turns(
    works: Mapping[str, Callable[[], object]],
    budget: float,
    device: torch.device = CPU,
    tell: Callable[[float], None] = lambda share: None,
) -> dict[str, list[float]]:
    """Seconds a call of each work, one sample a round; the order moves on by one from round to round.

    Args:
        budget: seconds on the wall for all rounds; at least seven rounds are made, and at most 200.
        device: where the works run; a GPU is waited for.
        tell: gets the share of the least rounds that is done, before each sample; it may raise to cancel.
    """

    clock = time.thread_time if conditions(device)["clock"] == "thread" else time.perf_counter

    def sample(work: Callable[[], object], calls: int) -> float:
        began = clock()
        for _ in range(calls):
            work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return (clock() - began) / calls

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


def ratios(one: list[float], other: list[float], name: str = "faster") -> dict[str, float]:
    """The median of the rounds' ratios of one work to another of the same run, under that name, and their quartiles,
    under it with ``_low`` and ``_high``. What slows a whole round down stands on both sides of a ratio."""
    low, median, high = (float(x) for x in np.quantile(np.divide(one, other), (0.25, 0.5, 0.75)))
    return {name: median, f"{name}_low": low, f"{name}_high": high}
