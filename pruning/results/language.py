"""Tables and sentences of language models: perplexity beside what it hides, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import pandas as pd

COLUMNS = ("scorer", "level", "perplexity", "low", "high", "dense", "agree", "tokens")
HIDDEN = {
    "agree": ("likeliest next token is the dense network's (%)", 100.0),
    "kl": ("distance to the dense network's guesses (KL, nats a token)", 1.0),
    "loops": ("runs of four tokens that were written before (%)", 100.0),
    "copied": ("random sequence foretold at its second showing (%)", 100.0),
}
"""What perplexity hides: keys of the measure ``language``, words, and the factor of the unit."""
OWN = {"agree": 1.0, "kl": 0.0}
"""What the dense network has of what compares with it."""


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Mean of values, lower and upper bound of the mean of what they are drawn from (normal, of at least two).

    >>> interval([1.0, 1.0, 1.0])
    (1.0, 1.0, 1.0)
    """
    count, mean = len(values), math.fsum(values) / len(values)
    if count < 2:
        return mean, -math.inf, math.inf
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    half = NormalDist().inv_cdf(0.5 + level / 2) * spread / math.sqrt(count)
    return mean, mean - half, mean + half


def curve(found: Mapping[tuple[str, int], Mapping[str, Any]]) -> pd.DataFrame:
    """One row for each criterion and level (per mille) that is known: perplexity with its interval over windows of
    text, and the share of places (0..1) at which the likeliest next token is the dense network's.

    Args:
        found: results of the measure ``language`` by criterion and level.
    """
    rows = []
    for (scorer, level), value in found.items():
        _, low, high = interval(value["nats"])
        rows.append(
            {
                "scorer": scorer,
                "level": level,
                "perplexity": value["perplexity"],
                "low": _exp(low),
                "high": _exp(high),
                "dense": value["dense_perplexity"],
                "agree": math.fsum(value["agree"]) / len(value["agree"]),
                "tokens": value["tokens"],
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _exp(nats: float) -> float:
    return math.exp(nats) if nats < 700 else math.inf


def hidden(values: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """What perplexity hides, one row a question, two columns a network: the mean, and its interval as text.

    Args:
        values: results of the measure ``language`` by the network's name; the first is compared with its dense one.
    """
    rows = []
    first = next(iter(values.values()))
    for key, (words, factor) in HIDDEN.items():
        row: dict[str, Any] = {"question": words}
        dense = first.get(f"dense_{key}")
        row["dense"] = said(dense, factor) if dense else f"{factor * OWN[key]:.1f}"
        for name, value in values.items():
            row[name] = said(value[key], factor)
        rows.append(row)
    return pd.DataFrame(rows)


def said(values: Sequence[float], factor: float) -> str:
    """A mean with its interval: "61.2 (58.0 to 64.4)"."""
    mean, low, high = (factor * value for value in interval(values))
    digits = 1 if factor > 1 else 2
    if not math.isfinite(low):
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def number(perplexity: float) -> str:
    """A perplexity for people: three digits, thousands apart.

    >>> number(23.288), number(1148.47), number(96.4), number(float("inf"))
    ('23.3', '1,148', '96.4', 'more than any number')
    """
    if not math.isfinite(perplexity):
        return "more than any number"
    return f"{perplexity:,.0f}" if perplexity >= 100 else f"{perplexity:.1f}"


def headline(frame: pd.DataFrame, level: int, scorer: str, labels: Mapping[str, str]) -> str:
    """The page's finding, from the table of ``curve``: what a level costs by the chosen criterion, and what perplexity
    does not tell of it.

    Args:
        labels: of criteria, for sentences.
    """
    here = frame[(frame["level"] == level) & (frame["scorer"] == scorer)]
    if here.empty:
        return "How much of a language model can go before its text breaks?"
    row = here.iloc[0]
    dense, now = number(row["dense"]), number(row["perplexity"])
    if level == 0:
        return f"Nothing is pruned: perplexity {dense}"
    moved = f"perplexity goes from {dense} to {now}" if dense != now else f"perplexity stays at {dense}"
    other = 100 - 100 * row["agree"]
    return (
        f"Without {level / 10:g} % of its weights by {labels[scorer]}, {moved}, and at {other:.0f} % of all places "
        "another next word is likeliest"
    )


def beside(frame: pd.DataFrame, level: int, labels: Mapping[str, str]) -> str:
    """All criteria at one level, the lowest perplexity first."""
    here = frame[frame["level"] == level].sort_values("perplexity", kind="stable")
    if level == 0 or here.empty:
        return ""
    parts = [f"{labels[row.scorer]} {number(row.perplexity)}" for row in here.itertuples()]
    return f"At {level / 10:g} %: {', '.join(parts)}."


def breaking(frame: pd.DataFrame, factor: float = 1.5) -> dict[str, int | None]:
    """For each criterion the lowest measured level at which perplexity is more than ``factor`` times the dense one;
    None where it is not at any."""
    found: dict[str, int | None] = {}
    for scorer, own in frame.groupby("scorer", sort=False):
        broken = own[own["perplexity"] > factor * own["dense"]]["level"]
        found[str(scorer)] = int(broken.min()) if len(broken) else None
    return found
