"""Small tables whose right picture can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

LAYERS = {"conv1": (100, 1200), "block.conv": (4000, 1000), "fc": (900, 975)}
"""name -> (weights, level at which the layer is empty; above 1000: only at the very end)."""


def make_profile(layers: dict[str, tuple[int, int]] = LAYERS) -> pd.DataFrame:
    levels = np.arange(1001)
    parts = []
    for order, (name, (weights, end)) in enumerate(layers.items()):
        removed = np.minimum(weights, weights * levels // end)
        removed[-1] = weights
        parts.append(
            pd.DataFrame({"layer": name, "order": order, "weights": weights, "level": levels, "removed": removed})
        )
    return pd.concat(parts, ignore_index=True)


def shuffled_profile() -> pd.DataFrame:
    """Shuffled, as no chart may lean on the order of rows."""
    return make_profile().sample(frac=1, random_state=0)


def small_curve() -> pd.DataFrame:
    rows = [
        (0, 0.93, 0.925, 0.935, "pruned", 10_000, "stored"),
        (500, 0.92, 0.915, 0.925, "pruned", 10_000, "stored"),
        (800, 0.70, 0.671, 0.728, "pruned", 1_000, "computed"),
        (900, 0.30, 0.291, 0.309, "pruned", 10_000, "stored"),
        (1000, 0.10, 0.094, 0.106, "pruned", 10_000, "stored"),
        (800, 0.85, 0.843, 0.857, "recalibrated", 10_000, "stored"),
        (900, 0.60, 0.59, 0.61, "recalibrated", 10_000, "stored"),
    ]
    return pd.DataFrame(rows, columns=["level", "accuracy", "low", "high", "variant", "count", "origin"])
