"""Lines between children: what is measured, barriers by hand, what is said."""

from __future__ import annotations

import pandas as pd
import pytest

from pruning.results.connectivity import (
    LINE,
    STABLE,
    barrier_sentence,
    barriers_frame,
    finished_levels,
    line_cells,
    lines_frame,
    valley_sentence,
)
from pruning.results.tickets import rows_frame
from pruning.steps.train import Train
from pruning.study.methods.tickets import Experiment

TINY = Experiment(train=Train(steps=10), levels=(500, 750), seeds=(0, 1))
VALUES = [
    ("ticket", 0, {"places": [0, 0.5, 1], "errors": [0.10, 0.12, 0.12]}),  # 0.12 - 0.11
    ("ticket", 1, {"places": [0, 0.5, 1], "errors": [0.10, 0.13, 0.10]}),
    ("dense", 0, {"places": [0, 0.5, 1], "errors": [0.10, 0.50, 0.20]}),
]


def test_lines_are_those_of_dense_and_of_the_ticket_at_one_level() -> None:
    found = line_cells(TINY, 750)
    assert [(cell.arm, cell.level, cell.seed) for cell, _ in found] == [
        ("dense", 0, 0),
        ("dense", 0, 1),
        ("ticket", 750, 0),
        ("ticket", 750, 1),
    ]
    for cell, study in found:
        assert study.measures == (LINE,) and study.recipe == cell.recipe
        assert isinstance(study.recipe[-1], Train) and study.recipe[-1].seed == cell.seed != LINE.build().seed


def test_barriers_by_hand() -> None:
    table = barriers_frame(lines_frame(VALUES)).set_index("arm")
    assert table["barrier"].to_dict() == pytest.approx({"ticket": 0.02, "dense": 0.35})
    assert (table["low"]["ticket"], table["high"]["ticket"]) == pytest.approx((0.01, 0.03))
    assert table["seeds"].to_dict() == {"ticket": 2, "dense": 1} and STABLE == 0.02


def test_sentences_state_the_numbers() -> None:
    table = barriers_frame(lines_frame(VALUES[:1] + VALUES[2:]))
    assert valley_sentence(table, 969) == (
        "Barrier between two children: 1.0 points for the ticket at 3.1 % of the weights (one valley), "
        "35.0 points for dense (two valleys)"
    )
    assert barrier_sentence(table) == "Barrier, one seed: ticket **1.0 points**, dense **35.0 points**."
    both = barriers_frame(lines_frame(VALUES[:2]))
    over = "Barrier, mean over 2 seeds (lowest to highest)"
    assert barrier_sentence(both) == f"{over}: ticket **2.0 points** (1.0 to 3.0)."
    assert valley_sentence(barriers_frame(lines_frame([])), 969) == "No line is measured yet"


def test_a_level_is_offered_once_every_seed_is_there() -> None:
    def row(seed: int, arm: str, level: int) -> dict[str, object]:
        return {"seed": seed, "arm": arm, "level": level, "correct": 9, "count": 10}

    rows = [row(0, "dense", 0), row(0, "ticket", 500), row(1, "ticket", 500), row(0, "ticket", 750)]
    assert finished_levels(TINY, rows_frame(rows)) == []
    table = pd.concat([rows_frame(rows), rows_frame([row(1, "dense", 0)])])
    assert finished_levels(TINY, table) == [500]
