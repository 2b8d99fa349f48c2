"""Headlines of pages against the numbers that they are made of: every number is looked for in what went in."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.choices.compare import Wish
from pages.choices.levels import unit_of
from pages.choices.setting import Setting
from pages.compare.choosing import answer, chosen
from pages.prune.words import headline
from pages.scorers.cards import overview
from pages.scorers.fares import runs
from pages.structure.words import FIRST, finding
from pruning.results.charts.accuracy_curve import accuracy_curve
from pruning.results.charts.layer_map import layer_map
from tests.results.charts.tables import make_profile, small_curve
from tests.results.test_tradeoffs import table

SOME = settings(deadline=None, max_examples=60)
COUNTS = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(
    lambda pair: {"correct": pair[0], "dense_correct": pair[1], "count": 500}
)


@SOME
@given(COUNTS, COUNTS, st.booleans())
def test_prune_names_one_dense_number_and_how_many_images_it_saw(
    first: dict[str, Any], seen: dict[str, Any], refining: bool
) -> None:
    whole = {name: 20 * number for name, number in seen.items()}  # of 10,000
    value = first if refining else whole
    text = headline(Setting(), value, None, None, whole)
    assert f"(dense {whole['dense_correct'] / 100:.1f} %)" in text and text.count("dense") == 1
    kept = 100 * value["correct"] / value["count"]
    assert f" {kept:.1f} % accuracy" in text
    assert ("measured on 500 of 10,000 images" in text) == refining
    chance = "no better than chance" in text
    assert ("drops to" in text or "is at" in text) == chance
    assert "drops to" not in text or value["correct"] < value["dense_correct"]


@SOME
@given(COUNTS, st.integers(1, 10**6), st.integers(1, 50), st.booleans())
def test_structure_says_the_price_before_the_gain(
    accuracy: dict[str, Any], small: int, factor: int, measured: bool
) -> None:
    structure = {"parameters": {"dense": factor * small, "small": small}}
    text = finding(FIRST, structure, None, accuracy if measured else None)
    assert f"{factor:.1f} times fewer parameters" in text
    assert ("accuracy" in text) == measured
    if measured:
        share, dense = (100 * accuracy[name] / 500 for name in ("correct", "dense_correct"))
        assert text.index(f"{share:.1f} % accuracy") < text.index("times fewer") and f"dense {dense:.1f} %" in text


WAYS = st.lists(
    st.tuples(st.integers(1, 99), st.integers(-300, 50), st.integers(-300, 50)), min_size=1, max_size=6
)  # kB, gap on validation and on test in hundredths of a point


@SOME
@given(WAYS, st.integers(0, 30))
def test_compare_says_on_what_it_chose_and_what_test_says(ways: list[tuple[int, int, int]], tenths: int) -> None:
    dense = {"name": "dense", "label": "Dense", "bytes": 100.0, "validation": 0.9, "validation_gap": 0.0, "gap": 0.0}
    found = table(
        [dense]
        + [
            {
                "name": f"w{at}",
                "label": f"Way {at}",
                "bytes": float(size),
                "validation": 0.9 + validation / 10_000,
                "validation_gap": validation / 10_000,
                "gap": test / 10_000,
                "ms_1": math.nan,
            }
            for at, (size, validation, test) in enumerate(ways)
        ]
    )
    wish = Wish(most_points=tenths / 10)
    text, name = answer(found, wish, "LeNet-5"), chosen(found, wish)
    assert f"within {tenths / 10:g} point" in text and "of dense on validation images" in text
    row = found[found["name"] == name].iloc[0]
    assert 100 * row["validation_gap"] >= -tenths / 10 - 1e-6 and row["label"] in text
    if name != "dense":
        told = re.search(r"on test images ([+-][\d.]+) points", text)
        assert told is not None and float(told[1]) == pytest.approx(100 * row["gap"], abs=0.051)


@pytest.mark.parametrize(
    ("setting", "unit"),
    [
        (Setting(), "prunable weights"),
        (Setting(granularity="channel"), "channels"),
        (Setting(granularity="n_m", allocation="uniform"), "weights"),
        (Setting(granularity="channel", allocation_options={"target": "macs"}), "MACs"),
    ],
)
def test_the_axis_says_what_its_levels_are_shares_of(setting: Setting, unit: str) -> None:
    """Half of the channels is three quarters of the weights: a mark at 50 is no share of weights."""
    assert unit_of(setting) == unit
    for axis, words in (("sparsity", "sparsity"), ("remaining", "remain")):
        for chart in (
            accuracy_curve(small_curve(), 500, 0.9, 0.1, axis, unit=unit),  # type: ignore[arg-type]
            layer_map(make_profile(), 500, axis, unit=unit),  # type: ignore[arg-type]
        ):
            title = chart.figure().layout.xaxis.title.text
            assert words in title and (unit in title or unit == "prunable weights")
            assert ("removed" in title or "weights remaining" in title) == (unit == "prunable weights")


def test_draws_on_one_network_are_not_called_networks() -> None:
    assert runs(1, 3) == "1 trained network, 3 draws" and runs(3, 3) == "3 trained networks"


def test_scorers_are_not_averaged_over_weights_and_channels() -> None:
    usual = {"control": "", "allocation": "global", "seed": 0, "training_seed": 0, "count": 500}
    rows = [
        usual | {"scorer": "magnitude_l1", "granularity": "weight", "level": 800, "accuracy": 0.8},
        usual | {"scorer": "magnitude_l1", "granularity": "channel", "level": 225, "accuracy": 0.2},
        usual | {"scorer": "fpgm", "granularity": "channel", "level": 225, "accuracy": 0.3},
    ]
    seen = overview(["magnitude_l1", "fpgm"], {}, pd.DataFrame(rows), {}, "80 %")
    assert list(seen["accuracy"]) == pytest.approx([80, 30])
    assert list(seen["removed"]) == ["80 % of weights", "22.5 % of channels"]
