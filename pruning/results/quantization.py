"""What fewer bits did, as tables and as words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pruning.results.intervals import wilson
from pruning.results.sentences import amount, interval


def layers_frame(value: Mapping[str, Any]) -> pd.DataFrame:
    """Layers of a ``quantization`` value: layer, order, weight_error, output_error (0..1, NaN where unseen), bytes (of
    codes, scales and zero points)."""
    return pd.DataFrame(
        [
            {
                "layer": layer["name"],
                "order": order,
                "weight_error": layer["weight_error"],
                "output_error": np.nan if layer["output_error"] is None else layer["output_error"],
                "bytes": layer["codes"] + layer["scales"] + layer["zeros"],
            }
            for order, layer in enumerate(value["layers"])
        ]
    )


def bytes_sentence(value: Mapping[str, Any]) -> str:
    """Where each byte of the packed file goes; the parts add up."""
    parts = {part: sum(layer[part] for layer in value["layers"]) for part in ("codes", "scales", "zeros")}
    zeros = f", zero points {parts['zeros']:,}" if parts["zeros"] else ""
    scales = f", scales {parts['scales']:,}" if parts["scales"] else ""
    return (
        f"{value['bytes']:,} bytes: codes {parts['codes']:,}{scales}{zeros}, biases, norms and what else is kept as it "
        f"is {value['rest']:,}, header {value['header']:,}."
    )


def level_frames(value: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Of a ``quantized_layer`` value: the histogram (left, right, count) and the levels (level, count)."""
    edges = np.asarray(value["edges"])
    bins = pd.DataFrame({"left": edges[:-1], "right": edges[1:], "count": np.asarray(value["counts"])})
    return bins, pd.DataFrame({"level": np.asarray(value["levels"]), "count": np.asarray(value["level_counts"])})


def curve_frame(points: Iterable[tuple[int, str, Mapping[str, Any]]]) -> pd.DataFrame:
    """Accuracy against bits: bits, rounding, accuracy, low, high (0..1, Wilson), images, dense."""
    rows = []
    for bits, rounding, value in points:
        low, high = wilson(value["correct"], value["count"])
        accuracy, dense = (value[name] / value["count"] for name in ("correct", "dense_correct"))
        rows.append((bits, rounding, accuracy, low, high, value["count"], dense))
    columns = ["bits", "rounding", "accuracy", "low", "high", "images", "dense"]
    return pd.DataFrame(rows, columns=columns).sort_values(["rounding", "bits"]).reset_index(drop=True)


def runtime_frame(
    whole: Mapping[str, Any] | None, int8: Mapping[str, Any] | None, latency: Mapping[str, Any] | None
) -> pd.DataFrame:
    """float32 and int8 in ONNX Runtime: bytes, accuracy with its interval, and times at each batch size, in words; "…"
    where nothing is known yet."""
    rows = []
    for name, variant, value in (("float32", "this", whole), ("int8, weights and activations", "int8", int8)):
        known = value is not None and "bytes" in value
        row = {
            "in ONNX Runtime": name,
            "file": amount(value["bytes"]) if known else "…",
            "accuracy (test)": interval(value) if known else "…",
        }
        for found in (latency or {}).get("rows", ()):
            if found["variant"] == variant:
                low, high = f"{found['low_ms']:.3g}", f"{found['high_ms']:.3g}"
                name = f"{found['batch']} image{'s' if found['batch'] > 1 else ''} (ms)"
                row[name] = f"{found['median_ms']:.3g} ({low} to {high})"
        rows.append(row)
    return pd.DataFrame(rows)


def runtime_sentence(
    whole: Mapping[str, Any] | None, int8: Mapping[str, Any] | None, latency: Mapping[str, Any] | None
) -> str:
    """How int8 stands beside float32 in the same runtime: bytes, accuracy, and times that are far enough apart."""
    from pruning.results.speed import speed_up

    said = []
    if whole and int8 and "bytes" in whole and "bytes" in int8:
        said.append(f"The int8 file has {100 * int8['bytes'] / whole['bytes']:.0f} % of float32's bytes")
        if whole["count"] == int8["count"]:
            points = 100 * (int8["correct"] - whole["correct"]) / whole["count"]
            said.append(f"its accuracy is {points:+.2f} points away")
    for batch in sorted({row["batch"] for row in (latency or {}).get("rows", ())}):
        words = speed_up(latency["rows"], batch, "int8", "this").words() if latency else ""
        said.append(
            f"at {batch} image{'s' if batch > 1 else ''} a pass it shows {words}"
            if "no diff" in words
            else f"at {batch} image{'s' if batch > 1 else ''} a pass it is {words}"
        )
    return "; ".join(said) + "." if said else ""
