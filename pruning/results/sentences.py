"""Findings in one sentence, made from measured numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pruning.common.levels import LEVELS, in_percent, share_in_percent
from pruning.results.intervals import mcnemar, wilson

BYTES = ((1_000_000, "MB"), (1_000, "kB"), (1, "bytes"))


def removed(profile: Mapping[str, Any], level: int) -> float:
    """Share of the prunable weights that are really removed at a level (0..1)."""
    return sum(row[level] for row in profile["removed"]) / sum(profile["weights"])


def unreached(profile: Mapping[str, Any], level: int) -> str:
    """Why a level has no network, where an allocation's bounds do not allow it; else an empty text."""
    highest = profile.get("reached", LEVELS)
    if level <= highest:
        return ""
    return (
        f"**Out of reach**: with these bounds at most {in_percent(highest)} can be removed without emptying a layer to "
        f"make up for others, so that there is no network of {in_percent(level)}. Ask for less, or loosen the bounds."
    )


def alone(profile: Mapping[str, Any]) -> str:
    """What of a network is never pruned, with its share of all parameters; an empty text where that is nothing.

    >>> alone({"parameters": 24714, "left_alone": [{"name": "lstm", "kind": "LSTM", "parameters": 24064}]})
    'Left alone: lstm (LSTM), 24,064 of 24,714 parameters (97.4 %).'
    >>> alone({"parameters": 24714})
    ''
    """
    found = profile.get("left_alone", [])
    if not found:
        return ""
    names = [f"{one['name'] or 'the network itself'} ({one['kind']})" for one in found]
    listed = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    count, of = sum(one["parameters"] for one in found), profile["parameters"]
    together = "together " if len(names) > 1 else ""
    return f"Left alone: {listed}, {together}{count:,} of {of:,} parameters ({share_in_percent(count, of)})."


def interval(value: Mapping[str, Any]) -> str:
    """Accuracy with its 95 % Wilson interval: "91.8 % (91.2 to 92.3)".

    >>> interval({"correct": 918, "count": 1000})
    '91.8 % (89.9 to 93.3)'
    """
    low, high = wilson(value["correct"], value["count"])
    return f"{share_in_percent(value['correct'], value['count'])} ({100 * low:.1f} to {100 * high:.1f})"


def reaches(value: Mapping[str, Any], classes: int) -> str:
    """What an accuracy is, in words that do not call a guess something that was kept.

    >>> reaches({"correct": 918, "count": 1000}, 10), reaches({"correct": 103, "count": 1000}, 10)
    ('keeps 91.8 % accuracy', 'drops to 10.3 % accuracy, no better than chance')
    >>> reaches({"correct": 103, "count": 1000, "dense_correct": 90}, 10)
    'is at 10.3 % accuracy, no better than chance'
    """
    share = share_in_percent(value["correct"], value["count"])
    guessing = classes > 1 and wilson(value["correct"], value["count"])[0] <= 1 / classes
    drops = value["correct"] < value.get("dense_correct", value["count"] + 1)
    verb = ("drops to" if drops else "is at") if guessing else "keeps"
    return f"{verb} {share} accuracy{', no better than chance' * guessing}"


def difference(value: Mapping[str, Any]) -> str:
    """Pruned minus dense on the same images: points with a paired 95 % interval, and the McNemar test in words.

    >>> difference({"correct": 900, "dense_correct": 920, "lost": 30, "gained": 10, "count": 1000})
    '-2.0 points (-3.3 to -0.7), p = 0.002'
    """
    test = mcnemar(value["lost"], value["gained"], value["count"])
    points = f"{100 * test['difference']:+.1f} points ({100 * test['low']:+.1f} to {100 * test['high']:+.1f})"
    p = test["p_value"]
    certain = "not significant" if p > 0.05 else "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
    return f"{points}, {certain}"


def collapse(layers: pd.DataFrame) -> str:
    """Which layers are emptied, or an empty text."""
    names = list(layers.loc[layers["collapsed"], "layer"])
    if not names:
        return ""
    listed = ", ".join(f"`{name}`" for name in names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    subject = "layer has" if len(names) == 1 else "layers have"
    return (
        f"**Layer collapse**: {len(names)} {subject} lost every weight ({listed}). Nothing passes but biases and "
        "shortcuts. Less sparsity keeps it alive, or an allocation that spares it."
    )


def amount(count: float) -> str:
    """Bytes in words, powers of ten: 1,104,123 -> "1.10 MB"."""
    for unit, name in BYTES:
        if count >= unit:
            return f"{count / unit:,.{0 if unit == 1 else 2 if count < 100 * unit else 0}f} {name}"
    return "0 bytes"


def disappointment(value: Mapping[str, Any]) -> str:
    """The sentence where people are always disappointed, with this network's numbers."""
    share = 1 - value["prunable_nonzero"] / max(value["prunable"], 1)
    return (
        f"Zeros alone make neither the file smaller nor the model faster: with {share_in_percent(share)} of the "
        f"prunable weights at zero the plain file has {amount(value['plain_bytes'])}, as before "
        f"({amount(value['dense_bytes'])}), and dense kernels still do all {value['macs'] / 1e6:,.2f} M "
        f"multiply-accumulates (MACs) an image. Compressed by zstd it has {amount(value['zstd_bytes'])}, as bitmask "
        f"and values {amount(value['bitmask_bytes'])}; it becomes faster only when structures are removed, or with a "
        "sparse kernel."
    )


def duration(seconds: float) -> str:
    """A time in words: "about 40 s", "about 3 min".

    >>> duration(0.4), duration(75), duration(7300)
    ('about 1 s', 'about 75 s', 'about 2.0 h')
    """
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
