"""What each way to a smaller network costs and brings, as a table, and the front.

Accuracies are shares (0..1), ``gap`` is a method's accuracy minus the dense network's on the same images. Choices are
made on validation (``pages.compare.choosing``); test is what is shown. No torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from pruning.common.bits import unpacked
from pruning.results.comparisons import on_same_images
from pruning.results.intervals import wilson
from pruning.results.speed import speed_up
from pruning.study.methods.approaches import Approach
from pruning.study.recipe import prunes

COLUMNS = (
    "name",
    "label",
    "family",
    "accuracy",
    "low",
    "high",
    "count",
    "gap",
    "gap_low",
    "gap_high",
    "validation",
    "validation_gap",
    "bytes",
    "dense_bytes",
    "macs",
    "dense_macs",
    "parameters",
    "removed",
    "steps",
    "ms_1",
    "dense_ms_1",
    "real_1",
    "ms_16",
    "dense_ms_16",
    "real_16",
    "int8",
    "dense_onnx",
    "origin",
)
Axis = Literal["bytes", "macs", "ms_1", "ms_16"]
REAL = {"ms_1": "real_1", "ms_16": "real_16"}


@dataclass(frozen=True)
class Result:
    """What is known of one approach: values of its measures.

    Attributes:
        test, validation: of ``verdicts``, or of ``runtime`` for an int8 file.
        sizes: of ``footprint``.
        times: of ``runtime_latency``; None where it was not timed on the machine that is shown.
    """

    approach: Approach
    test: Mapping[str, Any]
    validation: Mapping[str, Any]
    sizes: Mapping[str, Any]
    times: Mapping[str, Any] | None = None
    origin: str = "computed"


def frame(results: Mapping[str, Result]) -> pd.DataFrame:
    """One row for each approach that is known: ``COLUMNS``. Empty until the dense network is.

    ``gap_low`` and ``gap_high`` bound the gap on test by McNemar's interval (95 %); ``removed`` is the share of units
    that the first pruning step takes; times are medians in milliseconds a pass (NaN: not timed), and ``real`` says
    whether they are further apart from the dense network's than either spreads.
    """
    if "dense" not in results:
        return pd.DataFrame(columns=list(COLUMNS))
    dense = results["dense"]
    before = {split: unpacked(getattr(dense, split)) for split in ("test", "validation")}
    return pd.DataFrame([_row(result, before) for result in results.values()], columns=list(COLUMNS))


def _row(result: Result, before: Mapping[str, np.ndarray]) -> tuple[Any, ...]:
    approach, sizes = result.approach, result.sizes
    right = {split: unpacked(getattr(result, split)) for split in before}
    count = min(len(right["test"]), len(before["test"]))
    gap = on_same_images(right["test"][None, :count], before["test"][None, :count])
    seen = min(len(right["validation"]), len(before["validation"]))
    validation = float(right["validation"][:seen].mean())
    correct = int(right["test"].sum())
    low, high = wilson(correct, len(right["test"]))
    pruned = list(prunes(approach.recipe).values())
    times = [time for batch in (1, 16) for time in _times(result, batch)]
    return (
        approach.name,
        approach.label,
        approach.family,
        correct / len(right["test"]),
        low,
        high,
        len(right["test"]),
        gap.difference,
        gap.low,
        gap.high,
        validation,
        validation - float(before["validation"][:seen].mean()),
        result.test["bytes"] if approach.int8 else sizes["bytes"],
        sizes["dense_bytes"],
        sizes["macs"],
        sizes["dense_macs"],
        sizes["parameters"],
        pruned[0].share if pruned else 0.0,
        approach.trains,
        *times,
        approach.int8,
        _onnx(result),
        result.origin,
    )


def _times(result: Result, batch: int) -> tuple[float, float, bool]:
    """Median milliseconds of the approach and, in the same run, of the dense network; whether they really differ."""
    rows = [row for row in (result.times or {}).get("rows", ()) if row["batch"] == batch]
    variant = "int8" if result.approach.int8 else "this"
    medians = {row["variant"]: row["median_ms"] for row in rows}
    if not {variant, "dense"} <= set(medians):
        return math.nan, math.nan, False
    return medians[variant], medians["dense"], speed_up(rows, batch, variant).real


def _onnx(result: Result) -> float:
    """Bytes of the dense network's float32 ONNX file, with which an int8 one compares; NaN where it was not made."""
    return float((result.times or {}).get("bytes", {}).get("dense", math.nan))


def times_smaller(table: pd.DataFrame, axis: Axis) -> pd.Series:
    """Dense over approach: how many times fewer bytes or MACs, or how many times faster, by times of one run; 1 where
    times are no further apart than they spread."""
    ratio = table[f"dense_{axis}"].astype("float64") / table[axis].astype("float64")
    if axis not in REAL:
        return ratio
    return ratio.where(ratio.isna() | table[REAL[axis]].astype(bool), 1.0)


def front(table: pd.DataFrame, axis: Axis) -> pd.DataFrame:
    """The Pareto front: rows that no other beats in both, by test accuracy; from the largest gain to the smallest.

    A row is beaten by one with at least the same accuracy and gain, of which one is more.
    """
    gain = times_smaller(table, axis)
    known = table.assign(gain=gain).dropna(subset=["gain"])
    ordered = known.sort_values(["gain", "accuracy"], ascending=[False, False], kind="stable")
    best = ordered["accuracy"].cummax().shift(fill_value=-1.0)
    return ordered[ordered["accuracy"] > best].drop(columns="gain")


def gap_words(row: Mapping[str, Any]) -> str:
    """The gap on test with its interval: "-0.4 points (-0.7 to -0.1)"."""
    gap, low, high = (f"{round(100 * row[name], 1) + 0.0:+.1f}" for name in ("gap", "gap_low", "gap_high"))
    return f"{gap} points ({low} to {high})"
