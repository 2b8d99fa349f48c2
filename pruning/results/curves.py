"""Curves as tables: every measured point, their means over seeds, and a line of numbers for each curve."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from pruning.common.levels import LEVELS
from pruning.results.comparisons import area, last_within
from pruning.results.intervals import wilson

CurveAxis = Literal["sparsity", "compression", "macs", "bytes"]
AXES: tuple[CurveAxis, ...] = get_args(CurveAxis)
POINTS = ("curve", "run", "level", *AXES, "accuracy", "low", "high", "lost", "count", "origin")
MEANS = ("curve", "level", *AXES, "accuracy", "low", "high", "lost", "count", "seeds")


def points_frame(points: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """All measured points, one row a curve, run (a seed) and level.

    Args:
        points: each with ``curve``, ``run``, ``level`` (per mille), ``value`` (an accuracy), ``origin``, and as far
            as they are known ``sparsity``, ``compression``, ``macs`` and ``bytes``, what is left there.

    Returns:
        ``curve``, ``run``, ``level``, the four axes (NaN where unknown), ``accuracy`` with its 95 % Wilson interval
        ``low`` to ``high``, ``lost`` (dense minus pruned on the same images; all 0..1), ``count`` of images,
        ``origin``; sorted by curve (in the order given), run and level.
    """
    rows = []
    for point in points:
        value = point["value"]
        low, high = wilson(value["correct"], value["count"])
        rows.append(
            {name: point[name] for name in ("curve", "run", "level", "origin")}
            | {axis: point.get(axis, math.nan) for axis in AXES}
            | {
                "accuracy": value["correct"] / value["count"],
                "low": low,
                "high": high,
                "lost": (value["dense_correct"] - value["correct"]) / value["count"],
                "count": value["count"],
            }
        )
    frame = pd.DataFrame(rows, columns=list(POINTS))
    places = {name: place for place, name in enumerate(dict.fromkeys(frame["curve"]))}
    return frame.sort_values(
        ["curve", "run", "level"],
        key=lambda column: column.map(places) if column.name == "curve" else column,
        ignore_index=True,
        kind="stable",
    )


def points_export(points: pd.DataFrame, means: pd.DataFrame, about: Mapping[str, str]) -> pd.DataFrame:
    """The points as a file has them, with the unit in each name, then the means over seeds.

    Args:
        points, means: as ``points_frame`` and ``means_frame`` make them.
        about: what all rows are of, by column: ``model``, ``data``, ``split``; stands in each row, as files are joined.

    Returns:
        Rows of single seeds have the seed and their 95 % Wilson interval; rows of means have "mean" as ``seed``, for
        the interval one standard deviation over the seeds (for one seed its Wilson interval), how many seeds they are
        of, and the fewest images of any.
    """
    several = means[means["seeds"] > 1]
    rows = pd.concat(
        [points.assign(seeds=1, band="95 % Wilson interval"), several.assign(band="one standard deviation")]
    )
    return pd.DataFrame(
        {name: [value] * len(rows) for name, value in about.items()}
        | {
            "curve": rows["curve"].to_numpy(),
            "seed": rows["run"].fillna("mean").to_numpy() if len(rows) else [],
            "seeds_count": rows["seeds"].to_numpy(),
            "level_asked_permille": rows["level"].to_numpy(),
            "sparsity_percent": _percent(rows["sparsity"]),
            "compression_ratio": rows["compression"].astype("float64").round(4).to_numpy(),
            "macs_left_percent": _percent(rows["macs"]),
            "bitmask_file_bytes": rows["bytes"].to_numpy(),
            "accuracy_percent": _percent(rows["accuracy"]),
            "low_percent": _percent(rows["low"]),
            "high_percent": _percent(rows["high"]),
            "low_to_high_is": rows["band"].to_numpy(),
            "lost_points": _percent(rows["lost"]),
            "images_count": rows["count"].to_numpy(),
            "origin": rows["origin"].to_numpy(),
        }
    )


def _percent(shares: pd.Series) -> np.ndarray:
    return (100 * shares.astype("float64")).round(4).to_numpy()


def means_frame(points: pd.DataFrame, runs: Mapping[str, int]) -> pd.DataFrame:
    """Means over seeds, at the levels that every seed of a curve has: none is left out silently.

    Args:
        points: as ``points_frame`` makes it.
        runs: how many seeds each curve is to have, those that failed not counted.

    Returns:
        One row a curve and level: the axes (means), ``accuracy``; ``low`` and ``high``: for one seed the 95 % Wilson
        interval of its images, for several the mean minus and plus one standard deviation over seeds, within 0..1;
        ``lost``; ``count``, the fewest images of a seed; ``seeds``.
    """
    groups = points.groupby(["curve", "level"], sort=False)
    size, first = groups.size(), groups[["low", "high"]].first()
    axes = groups[list(AXES)].mean().where(groups[list(AXES)].count().eq(size, axis=0))
    mean, spread = groups["accuracy"].mean(), groups["accuracy"].std(ddof=1)
    frame = axes.assign(
        accuracy=mean,
        low=(mean - spread).clip(lower=0).where(size > 1, first["low"]),
        high=(mean + spread).clip(upper=1).where(size > 1, first["high"]),
        lost=groups["lost"].mean(),
        count=groups["count"].min(),
        seeds=size,
    ).reset_index()
    frame = frame[frame["seeds"] >= frame["curve"].map(runs).fillna(1)]
    places = {name: place for place, name in enumerate(dict.fromkeys(points["curve"]))}
    order = sorted(frame.index, key=lambda row: (places[frame.at[row, "curve"]], frame.at[row, "level"]))
    return frame.loc[order, list(MEANS)].reset_index(drop=True)


def summary_frame(means: pd.DataFrame) -> pd.DataFrame:
    """A line a curve: area, and how far it goes within 1 and 5 points of dense.

    Returns:
        ``curve``; ``area``: mean accuracy over the sparsities that all curves reach (0..1), and ``low`` and ``high``,
        that range; ``one`` and ``five``: sparsity at which 1 and 5 points are lost (0..1; None: at no measured level
        as little), ``one_open`` and ``five_open``: whether it was still within at its last point; ``seeds``;
        ``images``, the fewest of any of its points.
    """
    parts = {str(name): part.dropna(subset=["sparsity"]) for name, part in means.groupby("curve", sort=False)}
    parts = {name: part.sort_values("sparsity") for name, part in parts.items() if len(part)}
    low = max((part["sparsity"].iloc[0] for part in parts.values()), default=math.nan)
    high = min((part["sparsity"].iloc[-1] for part in parts.values()), default=math.nan)
    rows = []
    for name, part in parts.items():
        x, lost = part["sparsity"].to_numpy(np.float64), part["lost"].to_numpy(np.float64)
        (one, one_ends), (five, five_ends) = last_within(x, lost, 1), last_within(x, lost, 5)
        rows.append(
            {
                "curve": name,
                "area": area(x, part["accuracy"], low, high) if low < high else math.nan,
                "low": low,
                "high": high,
                "one": one,
                "one_open": not one_ends,
                "five": five,
                "five_open": not five_ends,
                "seeds": int(part["seeds"].max()),
                "images": int(part["count"].min()),
            }
        )
    columns = ["curve", "area", "low", "high", "one", "one_open", "five", "five_open", "seeds", "images"]
    return pd.DataFrame(rows, columns=columns)


def markers_frame(means: pd.DataFrame) -> pd.DataFrame:
    """The last measured point of each curve that lies within one point of dense accuracy, as rows of ``means``."""
    near = means[means["lost"] <= 0.01 + 1e-9]
    return near.loc[near.groupby("curve", sort=False)["level"].idxmax()].reset_index(drop=True)


def left_at(profile: Mapping[str, Any], level: int, macs: Mapping[str, Any] | None = None) -> dict[str, float]:
    """What is left of a network at a level, from its profile.

    Args:
        profile: result of the measure ``profile``.
        level: asked, per mille.
        macs: result of the measure ``macs_table``.

    Returns:
        ``sparsity`` (share of prunable weights really removed, 0..1), ``compression`` (all parameters over those not
        removed; entries of biases and norms that a removed channel takes with it are not counted) and, if asked,
        ``macs`` (share of multiply-accumulates that meet a kept weight, or none).
    """
    removed, weights = [row[level] for row in profile["removed"]], profile["weights"]
    left = profile["parameters"] - sum(removed)
    found = {
        "sparsity": sum(removed) / sum(weights),
        "compression": profile["parameters"] / left if left else math.inf,
    }
    if macs is not None:
        per_layer = dict(zip(macs["layers"], macs["macs"], strict=True))
        parts = zip(profile["layers"], removed, weights, strict=True)
        found["macs"] = 1 - sum(per_layer[name] * gone / size for name, gone, size in parts) / macs["whole"]
    return found


def left_of_weights(level: int) -> dict[str, float]:
    """The same where single weights are removed just as asked, as far as it is known before any profile."""
    return {"sparsity": level / LEVELS}
