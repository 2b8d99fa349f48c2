"""Curves as tables: points, means that leave no seed out silently, and the line of numbers for each curve."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from pruning.results.curves import left_at, markers_frame, means_frame, points_frame, summary_frame
from pruning.results.intervals import wilson


def point(curve: str, level: int, right: int, run: str = "seed 0", count: int = 1000, **more: float) -> dict:
    value = {"correct": right, "dense_correct": int(0.9 * count), "count": count}
    return {
        "curve": curve,
        "run": run,
        "level": level,
        "value": value,
        "origin": "stored",
        "sparsity": level / 1000,
    } | more


@pytest.fixture
def points() -> pd.DataFrame:
    """B comes first, and has one seed; A has two, the second of which lacks a level."""
    return points_frame(
        [
            point("B", 900, 500),
            point("B", 0, 900),
            point("B", 500, 880),
            point("A", 0, 900),
            point("A", 500, 900),
            point("A", 900, 860),
            point("A", 0, 900, "seed 1"),
            point("A", 500, 880, "seed 1"),
        ]
    )


def test_points_keep_the_order_of_curves_and_ascend_in_level(points: pd.DataFrame) -> None:
    assert list(dict.fromkeys(points["curve"])) == ["B", "A"]
    assert list(points["level"][:3]) == [0, 500, 900]
    assert list(points["lost"][:3]) == pytest.approx([0, 0.02, 0.4])
    assert (points["low"][1], points["high"][1]) == wilson(880, 1000)
    assert points["macs"].isna().all()


def test_means_wait_for_every_seed(points: pd.DataFrame) -> None:
    means = means_frame(points, {"A": 2, "B": 1})
    a = means[means["curve"] == "A"]
    assert list(a["level"]) == [0, 500] and list(a["seeds"]) == [2, 2]
    assert a["accuracy"].iloc[1] == pytest.approx(0.89)
    spread = math.sqrt((0.01**2 + 0.01**2) / 1)  # of 0.90 and 0.88, over n - 1
    assert (a["low"].iloc[1], a["high"].iloc[1]) == (pytest.approx(0.89 - spread), pytest.approx(0.89 + spread))
    b = means[means["curve"] == "B"]
    assert (b["low"].iloc[2], b["high"].iloc[2]) == wilson(500, 1000)


def test_a_band_stays_within_what_an_accuracy_can_be() -> None:
    frame = points_frame([point("A", 0, 1000), point("A", 0, 800, "seed 1"), point("A", 0, 1000, "seed 2")])
    assert means_frame(frame, {"A": 3})["high"].iloc[0] == 1


def test_an_axis_that_one_seed_lacks_has_no_mean() -> None:
    frame = points_frame([point("A", 0, 900, macs=0.5), point("A", 0, 900, "seed 1")])
    assert math.isnan(means_frame(frame, {"A": 2})["macs"].iloc[0])


def test_the_fewest_images_of_a_seed_are_said() -> None:
    frame = points_frame([point("A", 0, 900, count=10_000), point("A", 0, 900, "seed 1")])
    assert means_frame(frame, {"A": 2})["count"].iloc[0] == 1000


def test_summary_over_the_range_that_all_reach(points: pd.DataFrame) -> None:
    summary = summary_frame(means_frame(points, {"A": 1, "B": 1})).set_index("curve")
    assert list(summary.index) == ["B", "A"]
    assert (summary["low"] == 0).all() and (summary["high"] == 0.9).all()
    assert summary.loc["B", "area"] == pytest.approx((0.5 * (0.9 + 0.88) / 2 + 0.4 * (0.88 + 0.5) / 2) / 0.9)
    assert summary.loc["B", "one"] == pytest.approx(0.25)  # half of the way from 0 to 2 points
    assert summary.loc["B", "five"] == pytest.approx(0.5 + 0.4 * 3 / 38)
    assert summary.loc["A", "five_open"] and not summary.loc["B", "five_open"]


def test_markers_stand_on_the_last_point_within_one_point(points: pd.DataFrame) -> None:
    marks = markers_frame(means_frame(points, {"A": 2, "B": 1})).set_index("curve")["level"]
    assert marks.to_dict() == {"B": 0, "A": 500}


def test_nothing_measured_is_empty_and_no_error() -> None:
    empty = points_frame([])
    means = means_frame(empty, {"A": 1})
    assert means.empty and summary_frame(means).empty and markers_frame(means).empty


def test_what_is_left_at_a_level() -> None:
    profile = {"layers": ["a", "b"], "weights": [100, 300], "parameters": 420, "removed": [[0, 50], [0, 150]]}
    macs = {"layers": ["a", "b"], "macs": [1000.0, 300.0], "whole": 1500.0}
    assert left_at(profile, 0) == {"sparsity": 0.0, "compression": 1.0}
    left = left_at(profile, 1, macs)
    assert left["sparsity"] == 0.5 and left["compression"] == pytest.approx(420 / 220)
    assert left["macs"] == pytest.approx(1 - (500 + 150) / 1500)
    assert left_at({**profile, "parameters": 200}, 1)["compression"] == math.inf
