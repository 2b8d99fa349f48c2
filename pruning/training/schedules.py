"""Schedules over steps: learning rates, and how sparsity grows. Plain numbers, no torch."""

from __future__ import annotations

import math
from typing import Literal

from pruning.common.levels import LEVELS

Rate = Literal["cosine", "one_cycle", "steps", "constant"]
Growth = Literal["geometric", "linear", "cubic"]


def rate(kind: Rate, step: int, total: int, warmup: float) -> float:
    """Learning rate at a step as a share of the highest one.

    Args:
        step: 0 … total - 1.
        warmup: share of all steps in which the rate rises in a straight line.

    >>> [round(rate("cosine", step, total=100, warmup=0.1), 2) for step in (0, 9, 10, 55, 99)]
    [0.09, 0.91, 1.0, 0.5, 0.0]
    """
    rise = round(warmup * total)
    if step < rise:
        return (step + 1) / (rise + 1)
    left = (step - rise) / max(1, total - rise)
    if kind == "cosine":
        return 0.5 * (1 + math.cos(math.pi * left))
    if kind == "one_cycle":
        return 1 - left
    if kind == "steps":  # a tenth after half of it, a hundredth after three quarters (He et al. 2016)
        return 1.0 if left < 0.5 else 0.1 if left < 0.75 else 0.01
    return 1.0


def zhu_gupta(progress: float, final: float, initial: float = 0.0) -> float:
    """Sparsity of gradual pruning: s_f + (s_0 - s_f)(1 - t)^3, fast first (Zhu & Gupta 2017, equation 1).

    Args:
        progress: t from 0 (start of pruning) to 1 (its end); outside of it the nearest end is taken.

    >>> [round(zhu_gupta(t, final=0.9), 3) for t in (0, 0.25, 0.5, 1)]
    [0.0, 0.52, 0.787, 0.9]
    """
    t = min(1.0, max(0.0, progress))
    return final + (initial - final) * (1 - t) ** 3


def rounds(kind: Growth, count: int, final: int) -> tuple[int, ...]:
    """Sparsity levels (per mille) after each of ``count`` rounds; the last is ``final``, and none falls.

    "geometric": the same share of the *remaining* weights goes in each round (Han et al. 2015; Frankle & Carbin 2019);
    "linear": a straight line; "cubic": Zhu & Gupta's curve.

    >>> rounds("geometric", 4, 900), rounds("linear", 4, 900)
    ((438, 684, 822, 900), (225, 450, 675, 900))
    """
    ends = []
    for number in range(1, count + 1):
        t = number / count
        if kind == "geometric":
            share = 1 - (1 - final / LEVELS) ** t if final < LEVELS else float(t == 1)
        elif kind == "linear":
            share = t * final / LEVELS
        else:
            share = zhu_gupta(t, final / LEVELS)
        ends.append(round(LEVELS * share))
    return tuple(ends)
