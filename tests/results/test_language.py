"""Sentences and intervals of language models, against the tables that they are made of."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pruning.results.charts.perplexity_curve import FACTOR, perplexity_curve
from pruning.results.language import HIDDEN, beside, breaking, curve, headline, hidden, interval, number

LABELS = {"magnitude_l1": "Magnitude", "wanda": "Wanda", "random": "Random"}
LEVELS = (0, 200, 500, 700)
nats = st.lists(st.floats(0.5, 9), min_size=2, max_size=6)


def value(losses: list[float], dense: list[float], agree: float) -> dict[str, Any]:
    """A result of the measure ``language``."""
    return {
        "nats": losses,
        "dense_nats": dense,
        "perplexity": math.exp(sum(losses) / len(losses)),
        "dense_perplexity": math.exp(sum(dense) / len(dense)),
        "agree": [agree] * len(losses),
        "kl": [0.1] * len(losses),
        "loops": [0.2, 0.4],
        "dense_loops": [0.1, 0.1],
        "copied": [0.5, 0.5],
        "dense_copied": [1.0, 1.0],
        "tokens": 255 * len(losses),
        "windows": len(losses),
    }


tables = st.dictionaries(
    st.tuples(st.sampled_from(list(LABELS)), st.sampled_from(LEVELS)), st.tuples(nats, st.floats(0, 1)), min_size=1
).map(lambda drawn: curve({place: value(losses, [3.0, 3.0], agree) for place, (losses, agree) in drawn.items()}))


@given(tables, st.sampled_from(LEVELS), st.sampled_from(list(LABELS)))
def test_the_headline_says_what_its_row_says(frame: pd.DataFrame, level: int, scorer: str) -> None:
    said = headline(frame, level, scorer, LABELS)
    rows = frame[(frame["level"] == level) & (frame["scorer"] == scorer)]
    if rows.empty:
        assert said.endswith("?") and not re.search(r"\d", said)
        return
    row, dense = rows.iloc[0], number(math.exp(3.0))
    if level == 0:
        assert said == f"Nothing is pruned: perplexity {dense}"
        return
    found = re.fullmatch(
        r"Without (\d+) % of its weights by (\w+), perplexity (.*), and at (\d+) % of all places .*", said
    )
    assert found and int(found[1]) == level // 10 and found[2] == LABELS[scorer]
    now = number(row["perplexity"])
    assert found[3] == (f"goes from {dense} to {now}" if now != dense else f"stays at {dense}")
    assert abs(int(found[4]) - 100 * (1 - row["agree"])) <= 0.5 + 1e-9


@given(tables, st.sampled_from(LEVELS[1:]))
def test_all_criteria_stand_in_the_order_of_their_perplexity(frame: pd.DataFrame, level: int) -> None:
    said, here = beside(frame, level, LABELS), frame[frame["level"] == level]
    assert sum(label in said for label in LABELS.values()) == len(here)
    places = [said.index(LABELS[name]) for name in here.sort_values("perplexity", kind="stable")["scorer"]]
    assert places == sorted(places)


@given(tables)
def test_the_title_names_the_lowest_level_that_is_too_much(frame: pd.DataFrame) -> None:
    title = perplexity_curve(frame, 500, LABELS).title
    for scorer, own in frame.groupby("scorer"):
        over = own[own["perplexity"] > FACTOR * own["dense"]]["level"]
        assert breaking(frame, FACTOR)[str(scorer)] == (over.min() if len(over) else None)
        if scorer != "random":
            told = f"{LABELS[str(scorer)]} {over.min() / 10:g} %" if len(over) else LABELS[str(scorer)]
            assert (told in title) == bool(len(over))


@given(nats)
def test_intervals_are_scipys(values: list[float]) -> None:
    mean, low, high = interval(values)
    spread = float(stats.sem(values))
    assert mean == pytest.approx(float(np.mean(values)))
    want = stats.norm.interval(0.95, mean, spread) if spread else (mean, mean)
    assert (low, high) == pytest.approx(want, rel=1e-6)


def test_what_perplexity_hides_has_a_row_a_question_and_a_column_a_network() -> None:
    one, other = value([3.0, 3.2], [3.0, 3.0], 0.75), value([8.0, 8.0], [3.0, 3.0], 0.0)
    frame = hidden({"Wanda": one, "Random": other})
    assert list(frame.columns) == ["question", "dense", "Wanda", "Random"] and len(frame) == len(HIDDEN)
    assert frame.iloc[0].tolist()[1:] == ["100.0", "75.0 (75.0 to 75.0)", "0.0 (0.0 to 0.0)"]
    assert frame.iloc[2]["dense"] == "10.0 (10.0 to 10.0)" and frame.iloc[2]["Wanda"].startswith("30.0 (")


def test_a_point_without_a_number_is_said_and_drawn() -> None:
    frame = curve({("random", 700): value([9.0, 9.0], [3.0, 3.0], 0.0) | {"perplexity": math.inf}})
    assert "more than any number" in headline(frame, 700, "random", LABELS)
    assert perplexity_curve(frame, 700, LABELS).table["removed_percent"].tolist() == [70.0]
