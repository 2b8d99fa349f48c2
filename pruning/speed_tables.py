"""What measured times say about sparsity: how speed follows the share removed, as tables and as words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

CURVE = ["level", "batch", "faster", "faster_low", "faster_high", "median_ms", "samples", "promised"]
ROUNDS = 10
"""Rounds with which a time is estimated: three calls to warm up, and the seven that are made at least."""


def curve_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """A ``speed_curve`` value: level (per mille), batch, faster (than dense: a ratio) with its quartiles faster_low and
    faster_high, median_ms, samples, and promised, the ratio of the dense network's MACs to the small one's."""
    macs = value["macs"]
    rows = [{**row, "promised": macs["0"] / max(macs[str(row["level"])], 1)} for row in value["rows"]]
    return pd.DataFrame(rows, columns=CURVE)


def curve_sentences(curve: pd.DataFrame) -> list[str]:
    """One sentence a batch size: from which share on the small network is really faster, and where it is slower."""
    said = []
    for batch, rows in curve[curve["level"] > 0].groupby("batch", sort=False):
        rows = rows.sort_values("level")
        slower = rows[rows["faster_high"] < 1]["level"]
        lost = rows[rows["faster_low"] <= 1]["level"]
        faster = rows[rows["level"] > lost.max()] if len(lost) else rows
        where = f"**{images(int(str(batch)))} a pass.**"
        if faster.empty:
            text = f"{where} Even without {rows['level'].max() / 10:g} % not clearly faster than dense"
        else:
            first, last = faster.iloc[0], faster.iloc[-1]
            text = (
                f"{where} Clearly faster from {first['level'] / 10:g} % removed on; at {last['level'] / 10:g} % "
                f"{factor(last['faster'])} times, where the MACs promise {factor(last['promised'])}"
            )
        if len(slower):
            text += f"; slower than dense at {', '.join(f'{level / 10:g} %' for level in slower)}"
        said.append(f"{text}.")
    return said


def curve_seconds(
    removal: float | None, latency: Mapping[str, Any] | None, levels: int, batches: tuple[int, ...], budget: float
) -> float | None:
    """About how long a speed curve takes, in seconds; None where nothing was timed yet.

    Args:
        removal: seconds of one removal, as the measure ``structure`` took; None: unknown.
        latency: a ``latency`` value of the same network, whose dense times bound those of the smaller ones.
        budget: seconds at each batch size.
    """
    if removal is None or latency is None or not latency["rows"]:
        return None
    dense = {row["batch"]: row["median_ms"] / 1000 for row in latency["rows"] if row["variant"] == "dense"}
    most = max(dense)
    passes = [dense.get(batch, dense[most] * batch / most) for batch in batches]
    return removal * levels + sum(max(budget, ROUNDS * (levels + 1) * each) for each in passes)


def images(count: int) -> str:
    """1 -> "1 image", 64 -> "64 images"."""
    return f"{count:,} image{'s' if count != 1 else ''}"


def factor(ratio: float) -> str:
    """A ratio with about two digits: 3.58 -> "3.6", 41.2 -> "41"."""
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"
