"""Trade-offs: the table of results, the front against a brute force, the choice, what is quoted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.choices.compare import Wish
from pages.compare.choosing import answer, chosen, quoted, sure
from pruning.common.bits import packed
from pruning.results.charts.tradeoff import tradeoff
from pruning.results.failures.worst import with_worst
from pruning.results.families import FAMILIES
from pruning.results.intervals import wilson
from pruning.results.tradeoffs import COLUMNS, Result, frame, front, times_smaller
from pruning.steps.quantize import Quantize
from pruning.steps.remove import Remove
from pruning.steps.student import Student
from pruning.steps.train import Train
from pruning.study.methods.approach_studies import measures_of, study_of, timing_of
from pruning.study.methods.approaches import ComparisonPlan, approaches
from pruning.study.study import load_study
from pruning.study.words import recipe_in_words
from pruning.training.options import budget
from pruning.zoo.kinds import models

EMBEDDED = [name for name in models.names() if models[name].embedded]


def bits(right: list[int] | np.ndarray) -> dict[str, Any]:
    return packed(np.asarray(right, dtype=bool))


def result(name: str, test: list[int], validation: list[int], size: int = 100, **more: Any) -> Result:
    sizes = {
        "bytes": size,
        "dense_bytes": 100,
        "macs": 50,
        "dense_macs": 200,
        "parameters": 7,
        "file": "plain",
        "files": {"plain": size},
    }
    return Result(approaches(ComparisonPlan(model="lenet_5"))[name], bits(test), bits(validation), sizes, **more)


def table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows with what matters, the rest filled in."""
    usual = dict.fromkeys(COLUMNS, math.nan) | {
        "label": "",
        "family": "weights",
        "dense_bytes": 100.0,
        "dense_ms_1": 8.0,
        "count": 1000,
        "gap_low": -0.02,
        "real_1": True,
        "gap_high": 0.0,
        "gap": 0.0,
        "validation_gap": 0.0,
        "origin": "computed",
        "removed": 0.5,
    }
    return pd.DataFrame([usual | row for row in rows], columns=list(COLUMNS))


@pytest.mark.parametrize("model", EMBEDDED)
def test_every_way_has_one_budget_one_name_and_a_kind(model: str) -> None:
    found = approaches(ComparisonPlan(model=model, steps=77))
    assert {way.trains for way in found.values()} == {0, 77}, "a fair comparison"
    assert {way.family for way in found.values()} == set(FAMILIES)
    assert len({way.label for way in found.values()}) == len(found)
    assert not any(isinstance(step, Train) for way in found.values() for step in way.shapes)
    for way in found.values():
        kinds = [type(step) for step in way.recipe]
        assert Remove not in kinds or Quantize not in kinds or kinds.index(Remove) < kinds.index(Quantize)
        assert all(recipe_in_words(way.recipe, way.int8))


def test_a_teacher_is_named_with_its_temperature_and_share_in_every_taught_way() -> None:
    for name, way in approaches(ComparisonPlan(temperature=7, mixing=0.25)).items():
        trains = [step for step in way.recipe if isinstance(step, Train)]
        taught = {(step.teacher, step.temperature, step.mixing) for step in trains}
        if "distilled" in way.label:
            assert taught == {("dense", 7, 0.25)}, name
        else:
            assert {teacher for teacher, _, _ in taught} <= {"none"}, name


def test_a_student_of_ones_own_is_offered_only_where_it_is_another() -> None:
    assert "own" not in approaches(ComparisonPlan()) and "own" not in approaches(ComparisonPlan(width=25))
    own = approaches(ComparisonPlan(model="lenet_5", family="lenet_300_100", width=15, depth=50))["own_t"].recipe[0]
    assert isinstance(own, Student) and (own.family, own.width, own.depth) == ("lenet_300_100", 15, 50)


def test_another_architecture_is_trained_as_suits_it_and_timed_whatever_its_seed() -> None:
    own = approaches(ComparisonPlan(family="vit_small", width=30, seed=3))["own"]
    train = own.recipe[1]
    assert isinstance(train, Train) and (train.optimiser, train.lr) == ("adamw", 3e-3)
    assert (train.steps, train.batch, train.seed) == (400, 128, 3)
    assert own.shapes == approaches(ComparisonPlan(family="vit_small", width=30))["own"].shapes


def test_a_study_goes_through_its_file_unchanged_and_times_belong_to_shapes() -> None:
    every = approaches(ComparisonPlan(model="lenet_5"))
    base = ComparisonPlan(model="lenet_5").base
    for way in every.values():
        study = study_of(base, way)
        assert load_study(study.model_dump_json()).key == study.key
        assert [spec.options.get("split", "test") for spec in measures_of(way)][:2] == ["test", "validation"]
    assert timing_of(base, every["c50"]).key == timing_of(base, every["c50_t_int8"]).key
    assert timing_of(base, every["c50"]).key != timing_of(base, every["c70"]).key
    assert budget(every["w90_b4"].recipe) == budget(every["w90"].recipe)


def test_a_row_is_made_of_the_same_images() -> None:
    dense = [1, 1, 1, 1, 0, 0, 1, 1, 1, 1]
    found = frame(
        {
            "dense": result("dense", dense, [1, 1, 1, 0]),
            "w50": result("w50", [1, 1, 0, 1, 1, 0, 1, 1, 0, 1], [1, 0, 1, 0], size=20),
        }
    )
    row = found[found["name"] == "w50"].iloc[0]
    assert row["accuracy"] == 0.7 and row["gap"] == pytest.approx(-0.1) and row["gap_low"] < -0.1 < row["gap_high"]
    assert row["validation_gap"] == pytest.approx(-0.25) and row["removed"] == 0.5
    assert times_smaller(found, "bytes").tolist() == [1.0, 5.0] and times_smaller(found, "macs").tolist() == [4.0, 4.0]
    assert math.isnan(row["ms_1"])
    assert frame({"w50": result("w50", dense, dense)}).empty, "without dense there is nothing to compare with"


def test_an_int8_file_has_its_own_bytes_and_times() -> None:
    times = {
        "rows": [
            {"variant": v, "batch": b, "median_ms": ms, "low_ms": ms - 0.4, "high_ms": ms + 0.7}
            for v, b, ms in (
                ("dense", 1, 4.0),
                ("this", 1, 3.0),
                ("int8", 1, 1.0),
                ("dense", 16, 40.0),
                ("int8", 16, 20.0),
            )
        ]
    }
    way = result("int8", [1, 0], [1, 0], times=times)
    way.test["bytes"] = 26  # type: ignore[index]
    found = frame({"dense": result("dense", [1, 1], [1, 1], times=times), "int8": way}).set_index("name")
    assert found.loc["int8", "bytes"] == 26
    assert found.loc["int8", ["ms_1", "dense_ms_1", "ms_16"]].tolist() == [1.0, 4.0, 20.0]
    assert found.loc["dense", "ms_1"] == 3.0 and math.isnan(found.loc["dense", "ms_16"])
    assert found.loc["int8", ["real_1", "real_16"]].tolist() == [True, True]
    assert not found.loc["dense", "real_1"], "1.0 ms apart, where either spreads by 1.1"


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20)), min_size=1, max_size=30))
def test_the_front_is_what_no_other_beats(points: list[tuple[int, int]]) -> None:
    found = table(
        [{"name": f"a{i}", "bytes": float(size), "accuracy": right / 20} for i, (size, right) in enumerate(points)]
    )
    best = {
        (float(size), right / 20)
        for size, right in points
        if not any((s <= size and r >= right) and (s < size or r > right) for s, r in points)
    }
    kept = front(found, "bytes")
    assert {(row["bytes"], row["accuracy"]) for row in kept.to_dict("records")} == best
    assert len(kept) == len(best) and kept["accuracy"].is_monotonic_increasing


ROWS = [
    {"name": "dense", "bytes": 100.0, "ms_1": 8.0, "validation": 0.9, "validation_gap": 0.0, "accuracy": 0.9},
    {"name": "near", "bytes": 40.0, "ms_1": 2.0, "validation": 0.895, "validation_gap": -0.005, "accuracy": 0.80},
    {"name": "small", "bytes": 10.0, "ms_1": 4.0, "validation": 0.87, "validation_gap": -0.03, "accuracy": 0.9},
    {"name": "untimed", "bytes": 20.0, "validation": 0.91, "validation_gap": 0.01, "accuracy": 0.7},
]


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ({}, "untimed"),
        ({"most_points": 5}, "small"),
        ({"aim": "fastest"}, "near"),
        ({"aim": "accurate"}, "untimed"),
        ({"aim": "fastest", "most_points": 5, "most_ms": 5}, "near"),
        ({"aim": "accurate", "most_ms": 5}, "near"),
        ({"most_kb": 0.015, "most_points": 3}, "small"),
        ({"most_kb": 0.005}, None),
        ({"most_ms": 3, "most_kb": 0.02}, None),
        ({"most_points": 0, "aim": "fastest"}, "dense"),
    ],
)
def test_the_choice_keeps_all_limits_and_is_made_on_validation(wish: dict[str, Any], name: str | None) -> None:
    found = table(ROWS)
    assert chosen(found, Wish(**wish)) == name
    said = answer(found, Wish(**wish), "LeNet-5")
    assert ("Loosen a limit" in said or "not timed yet" in said) == (name is None)


def test_the_worst_class_is_counted_and_is_a_limit_on_validation() -> None:
    results = {
        "dense": result("dense", [1, 1, 1, 0, 1, 1], [1, 1, 1, 1]),
        "w50": result("w50", [1, 0, 1, 0, 1, 1], [1, 1, 0, 1], size=20),
    }
    labels = {"test": np.array([0, 0, 1, 1, 2, 2]), "validation": np.array([0, 0, 1, 1])}
    found = with_worst(frame(results), results, labels).set_index("name", drop=False)
    row = found.loc["w50"]
    assert (row["worst"], row["worst_label"], row["worst_validation"], row["lowest"]) == (-0.5, 0, -0.5, 0.5)
    assert (row["lowest_low"], row["lowest_high"]) == wilson(1, 2) and found.loc["dense", "worst"] == 0
    assert chosen(found, Wish(most_points=10)) == "dense", "a quarter of the images is lost by the other"
    loose = found.assign(validation_gap=0.0)
    assert chosen(loose, Wish(most_class=50)) == "w50" and chosen(loose, Wish(most_class=49)) == "dense"
    assert "within 1 point of dense on validation images and 49 for any class" in answer(
        loose, Wish(most_class=49), "LeNet-5"
    )
    unknown = with_worst(frame(results), results, {})
    assert unknown["worst"].isna().all() and "being counted" in answer(unknown, Wish(most_class=49), "LeNet-5")
    chart = tradeoff(found, "bytes", "w50", upward="lowest")
    assert chart.figure().layout.yaxis.title.text == "recall of the worst class on test (%)"
    assert set(chart.table["worst_class_recall_percent"]) == {50.0}


def test_a_time_within_the_spread_counts_as_none() -> None:
    found = table([row | {"real_1": row["name"] == "small"} for row in ROWS])
    assert chosen(found, Wish(aim="fastest", most_points=5)) == "small", "half as fast as another, but sure of it"
    assert "no measurable speed-up" in answer(found, Wish(aim="accurate", most_ms=3), "LeNet-5")
    assert times_smaller(found, "ms_1").tolist()[:3] == [1.0, 1.0, 2.0]
    assert "4 of 4 ways are not timed yet" in answer(found.assign(ms_1=math.nan), Wish(aim="fastest"), "LeNet-5")


def test_how_sure_a_choice_is_follows_from_the_interval_on_test() -> None:
    row = {"name": "x", "count": 1000, "gap": -0.005, "gap_low": -0.009, "gap_high": -0.001}
    assert "keeps your limit" in sure(row, 1.0)
    assert "it may lose more" in sure(row | {"gap_low": -0.02}, 1.0)
    assert "better than it is" in sure(row | {"gap": -0.012, "gap_low": -0.03, "gap_high": -0.005}, 1.0)


def test_quoted_figures_stand_beside_the_furthest_run_within_a_point() -> None:
    found = table(
        [
            {"name": "w50", "label": "W50", "removed": 0.5, "gap": 0.0, "bytes": 50.0},
            {"name": "w90", "label": "W90", "removed": 0.9, "gap": -0.009, "bytes": 20.0},
            {"name": "w95", "label": "W95", "removed": 0.95, "gap": -0.02, "bytes": 10.0},
            {"name": "c70", "label": "C70", "family": "channels", "removed": 0.7, "gap": -0.05, "bytes": 10.0},
            {"name": "c50_t", "label": "C50", "family": "combined", "removed": 0.5, "gap": -0.001, "bytes": 25.0},
            {"name": "c50_t_int8", "label": "All", "family": "combined", "removed": 0.5, "gap": -0.004, "bytes": 5.0},
            {
                "name": "int8",
                "label": "Int8",
                "family": "quantized",
                "removed": 0.0,
                "gap": 0.001,
                "bytes": 26.0,
                "dense_onnx": 98.8,
            },
        ]
    )
    found["validation_gap"] = found["gap"]
    said = quoted(found).set_index("approach")["measured here"]
    assert said["w90"].startswith("90 % of the weights") and said["c50_t"].startswith("50 % of the channels")
    assert said["int8"].startswith("3.8 times fewer bytes than the float32 ONNX")
    assert said["c50_t_int8"].startswith("20.0 times smaller (All)")
    assert "w90" not in set(quoted(found.assign(validation_gap=-0.02)).approach), "validation decides, not test"
    assert "none of the tried" in quoted(found[found["name"].isin(["c70", "w50"])]).iloc[1]["measured here"]
