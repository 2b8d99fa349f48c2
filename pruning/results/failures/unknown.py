"""Does a network know what it does not know? Telling known from unknown inputs, by confidence and by energy."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from pruning.results.failures.answers import Answers

SURE = 0.9
"""Confidence from which an answer to an unknown input is called confidently wrong."""


def auroc(known: np.ndarray, unknown: np.ndarray) -> tuple[float, float, float]:
    """The chance that a known input has a higher score than an unknown one (halves for equals), with its 95 % interval
    (Hanley and McNeil 1982)."""
    n, m = len(known), len(unknown)
    ranks = rankdata(np.concatenate([known, unknown]))
    area = float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)) / (n * m)
    half = float(norm.ppf(0.975)) * max(0.0, variance) ** 0.5
    return area, max(0.0, area - half), min(1.0, area + half)


def unknown_table(known: dict[str, Answers], unknown: dict[str, dict[str, Answers]]) -> pd.DataFrame:
    """A row for each kind of unknown inputs, network and score: ``kind``, ``network``, ``score``, ``auroc``, ``low``,
    ``high``, ``sure`` (share of unknown inputs answered with at least 90 % confidence) and ``count``.

    Args:
        known: answers to the split's own inputs, by network.
        unknown: by kind, then by network.
    """
    rows = []
    for kind, networks in unknown.items():
        for name, other in networks.items():
            own, sure = known[name], float((other.confidence >= SURE).mean())
            if own.energies is not None and other.energies is not None:
                scores = {"confidence": (own.confidence, other.confidence), "energy": (own.energies, other.energies)}
                rows += [(kind, name, score, *auroc(*pair), sure, len(other)) for score, pair in scores.items()]
    columns = ["kind", "network", "score", "auroc", "low", "high", "sure", "count"]
    return pd.DataFrame(rows, columns=columns)
