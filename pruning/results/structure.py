"""What was removed for good, and what that bought, as tables and as words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pruning.results.sentences import amount
from pruning.results.speed import speed_up


def layers_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """The layers of a ``structure`` value: layer, order, channels, kept (both output channels), gone (bool: the whole
    layer went with its block), alone (why nothing of it was removed, or an empty text)."""
    return pd.DataFrame(
        [
            {
                "layer": layer["name"],
                "order": order,
                "channels": layer["channels"],
                "kept": layer["channels_left"],
                "gone": layer["channels_left"] == 0,
                "alone": value["left"].get(layer["name"], ""),
            }
            for order, layer in enumerate(value["layers"])
        ]
    )


def heads_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """The heads of a ``structure`` value in long form: layer, order, head, kept (bool)."""
    return pd.DataFrame(
        [
            {"layer": row["name"], "order": order, "head": head, "kept": kept}
            for order, row in enumerate(value["heads"])
            for head, kept in enumerate(row["kept"])
        ]
    )


def latency_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """The times of a ``latency`` value: batch, variant, median_ms, low_ms, high_ms (quartiles), samples."""
    columns = ["batch", "variant", "median_ms", "low_ms", "high_ms", "samples"]
    return pd.DataFrame(value["rows"], columns=columns)


def memory_words(value: Mapping[str, Any]) -> list[str]:
    """Peak memory of a ``memory`` value, one line a batch size: "16 images: 2.3 of 5.2 MB"."""
    return [
        f"{row['batch']:,} image{'s' if row['batch'] > 1 else ''}: {amount(row['small'])} instead of "
        f"{amount(row['dense'])}"
        for row in value["rows"]
    ]


def theory(macs: Mapping[str, Any]) -> float:
    """The speed-up that the operations promise: MACs of the dense network over those of the small one."""
    return macs["dense"] / max(macs["small"], 1)


def verdicts(latency: Mapping[str, Any]) -> list[str]:
    """One sentence a batch size: the small network against the dense one, and the masked against the dense one."""
    batches = list(dict.fromkeys(row["batch"] for row in latency["rows"]))
    said = []
    for batch in batches:
        small, masked = (speed_up(latency["rows"], batch, variant) for variant in ("small", "masked"))
        said.append(
            f"**{batch} image{'s' if batch > 1 else ''} a pass.** Without the masked units: {small.words()}. "
            f"With zeros in their place: {masked.words()}."
        )
    return said


def times(ratio: float) -> str:
    """A ratio in words: 3.58 -> "3.6 times"."""
    return f"{ratio:.1f} times" if ratio < 100 else f"{ratio:.0f} times"
