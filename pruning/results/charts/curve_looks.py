"""How curves that stand side by side look, and the axes they stand on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from pruning.common.errors import BadValue
from pruning.results.charts.palette import BASELINE, KEPT, RECALIBRATED, Role
from pruning.results.curves import CurveAxis

STYLES = (
    KEPT,
    Role("#B35900", "#E69F00", "dash", "square"),
    Role(BASELINE.light, BASELINE.dark, "dashdot", "triangle-up"),
    Role(RECALIBRATED.light, RECALIBRATED.dark, "solid", "diamond"),
    Role("#7A6A00", "#F0E442", "longdash", "triangle-down"),
    Role("#4B4BC4", "#A9B4FF", "longdashdot", "pentagon"),
    Role("#8A2B0D", "#FF8A5C", "dash", "hexagon"),
    Role("#2F7F9E", "#9BE3F5", "dashdot", "star"),
)
"""Eight looks: no two share both dash and symbol, so that they can be distinguished without colour."""
NAMES: dict[CurveAxis, str] = {
    "sparsity": "sparsity (% of prunable weights removed)",
    "compression": "compression ratio (logarithmic)",
    "macs": "multiply-accumulates left (%)",
    "bytes": "bytes left of the dense file (%)",
}
CHOICES: dict[CurveAxis, str] = {
    "sparsity": "sparsity, linear",
    "compression": "compression ratio, log",
    "macs": "MACs left",
    "bytes": "bytes left",
}
"""The axes, as a person chooses among them."""
_RATIOS = (1, 3, 10, 30, 100, 300, 1000)


def places(frame: pd.DataFrame, axis: str, bytes_dense: float = math.nan) -> np.ndarray:
    """Where points stand on an axis: per cent, or a ratio; NaN where it was not measured, or has no logarithm."""
    x = frame[axis].to_numpy(np.float64)
    if axis == "compression":
        return np.where(np.isfinite(x), x, np.nan)
    return 100 * x / (bytes_dense if axis == "bytes" else 1)


def layout(axis: str) -> dict[str, Any]:
    """Plotly layout of an axis: a fixed range, denser to sparser from left to right in every form.

    Raises:
        BadValue: for another axis.
    """
    if axis not in NAMES:
        raise BadValue(f"The axis is one of {', '.join(NAMES)}, not '{axis}'.")
    title = {"title": {"text": NAMES[axis]}}
    if axis == "compression":
        ticks = {"tickvals": list(_RATIOS), "ticktext": [f"{ratio}×" for ratio in _RATIOS]}
        return {"type": "log", "range": [0, 3], **ticks, **title}
    return {"range": [0, 100] if axis == "sparsity" else [100, 0], "dtick": 20, **title}
