"""Measured values as the tables that charts and exports take: plain pandas, no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pruning.common.levels import LEVELS
from pruning.results.intervals import wilson

GRID = (0, 100, 200, 300, 400, 500, 600, 700, 750, 800, 850, 880, 900, 920, 940, 950, 960, 970, 980, 985, 990, 995, 999)
"""Levels of an accuracy curve in per mille: closer together where networks give way."""
STOPS = (*range(0, 800, 20), *range(800, 950, 10), *range(950, 1000))
"""Levels at which the slider stops, in per mille: 2 % apart below 80 %, 0.1 % apart above 95 %."""


def profile_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """A profile in long form: layer, order, weights, level (per mille), removed (weights); no rows for levels that
    bounds do not reach."""
    removed = np.asarray(value["removed"], dtype=np.int64)[:, : value.get("reached", LEVELS) + 1]
    rows, levels = removed.shape
    return pd.DataFrame(
        {
            "layer": np.repeat(np.asarray(value["layers"], dtype=object), levels),
            "order": np.repeat(np.arange(rows), levels),
            "weights": np.repeat(np.asarray(value["weights"], dtype=np.int64), levels),
            "level": np.tile(np.arange(levels), rows),
            "removed": removed.ravel(),
        }
    )


def layers_at(profile: pd.DataFrame, level: int) -> pd.DataFrame:
    """The layers at one level: layer, order, weights, removed, and which are emptied (layer collapse)."""
    found = profile[profile["level"] == level].drop(columns="level").reset_index(drop=True)
    return found.assign(collapsed=(found["removed"] == found["weights"]) & (level < 1000))


def curve_frame(points: Iterable[tuple[int, str, Mapping[str, Any], str]]) -> pd.DataFrame:
    """An accuracy curve from (level, variant, accuracy value, origin): accuracy with its 95 % Wilson interval.

    >>> points = [(800, "pruned", {"correct": 900, "count": 1000}, "stored")]
    >>> curve_frame(points)[["level", "accuracy", "low", "high"]].round(3).to_dict("records")
    [{'level': 800, 'accuracy': 0.9, 'low': 0.88, 'high': 0.917}]
    """
    rows = []
    for level, variant, value, origin in points:
        low, high = wilson(value["correct"], value["count"])
        rows.append(
            {
                "level": level,
                "accuracy": value["correct"] / value["count"],
                "low": low,
                "high": high,
                "variant": variant,
                "count": value["count"],
                "origin": origin,
            }
        )
    columns = ["level", "accuracy", "low", "high", "variant", "count", "origin"]
    return pd.DataFrame(rows, columns=columns).sort_values(["variant", "level"], ignore_index=True)


def scan_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """A sensitivity scan in long form: layer, order, share (per mille), accuracy (0..1, NaN where not measured yet),
    removed (units that really went, NaN where older results do not say)."""
    rows = []
    for order, name in enumerate(value["layers"]):
        correct = value["correct"][order] if order < len(value["correct"]) else None
        for place, share in enumerate(value["shares"]):
            found = correct[place] if correct is not None and place < len(correct) else None
            accuracy = float("nan") if found is None else found / value["count"]
            gone = value.get("removed", [None] * len(value["layers"]))[order]
            rows.append((name, order, share, accuracy, float("nan") if gone is None else gone[place]))
    return pd.DataFrame(rows, columns=["layer", "order", "share", "accuracy", "removed"])


def size_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """Bytes of the files that were made: form, bytes."""
    forms = {
        "dense file": "dense_bytes",
        "dense, zstd": "dense_zstd_bytes",
        "pruned, plain": "plain_bytes",
        "pruned, zstd": "zstd_bytes",
        "bitmask + values": "bitmask_bytes",
        "bitmask + values, zstd": "bitmask_zstd_bytes",
    }
    return pd.DataFrame({"form": list(forms), "bytes": [int(value[key]) for key in forms.values()]})


def counts_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """Parameters and MACs, dense and left: what, dense, left, ratio."""
    pairs = {
        "prunable weights": ("prunable", "prunable_nonzero"),
        "all parameters": ("parameters", "nonzero"),
        "MACs per image": ("macs", "nonzero_macs"),
    }
    rows = [
        {
            "what": what,
            "dense": value[dense],
            "non-zero": value[left],
            "ratio": value[dense] / value[left] if value[left] else np.inf,
        }
        for what, (dense, left) in pairs.items()
    ]
    return pd.DataFrame(rows)


def density_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """Share of weights kept per channel of one layer: axis ("output" or "input"), index, density."""
    parts = [
        pd.DataFrame({"axis": axis, "index": np.arange(len(value[key])), "density": value[key]})
        for axis, key in (("output", "output_density"), ("input", "input_density"))
    ]
    return pd.concat(parts, ignore_index=True)


def bins_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """Histogram of one layer's weights: left, right (edges), kept, removed (counts)."""
    edges = np.asarray(value["edges"])
    return pd.DataFrame({"left": edges[:-1], "right": edges[1:], "kept": value["kept"], "removed": value["removed"]})
