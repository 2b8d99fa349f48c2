"""What is said of orderings follows from the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from pruning.results.literature import claims


def row(scorer: str, correct: int, seed: int = 0, control: str = "", **more: Any) -> dict[str, Any]:
    about = {"granularity": "weight", "allocation": "global", "count": 100, "first_collapse": 990}
    return about | {"scorer": scorer, "control": control, "seed": seed, "correct": correct} | more


def verdicts(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {claim["claim"]: claim["verdict"] for claim in claims(rows)}


@pytest.mark.parametrize(
    ("mine", "theirs", "verdict"),
    [
        ((60, 70, 80), (50, 50, 50), "holds"),
        ((60, 40, 80), (50, 50, 50), "mixed"),
        ((51, 50, 51), (50, 50, 50), "tie"),
        ((40, 45, 90), (80, 80, 80), "fails"),
    ],
)
def test_a_verdict_is_over_all_seeds(mine: tuple[int, ...], theirs: tuple[int, ...], verdict: str) -> None:
    rows = [row("snip", correct, seed) for seed, correct in enumerate(mine)]
    rows += [row("random", correct, seed) for seed, correct in enumerate(theirs)]
    assert verdicts(rows) == {"snip (weight, global) is more accurate than random": verdict}


def test_only_the_same_units_and_seeds_are_compared() -> None:
    rows = [row("snip", 90), row("random", 10, granularity="channel"), row("random", 10, allocation="uniform")]
    assert claims(rows) == []
    (found,) = claims([row("snip", 90, 0), row("snip", 90, 1), row("random", 10, 1)])
    assert (found["seeds"], found["wins"], found["left"], found["right"]) == (1, 1, 0.9, 0.1)


def test_controls_are_compared_with_their_own_criterion_and_errors_passed_over() -> None:
    rows = [
        row("snip", 80),
        row("snip", 30, control="shuffled"),
        row("snip", 10, control="inverted"),
        {
            "scorer": "obc",
            "control": "",
            "granularity": "weight",
            "allocation": "global",
            "seed": 0,
            "error": "too wide",
        },
    ]
    assert verdicts(rows) == {
        "snip (weight, global) is more accurate than its shuffled self": "holds",
        "snip (weight, global) is more accurate than its inverse": "holds",
    }


def test_layer_collapse_is_compared_by_level() -> None:
    rows = [row("magnitude_l1", 50, first_collapse=900), row("lamp", 50, first_collapse=1000)]
    assert verdicts(rows)["lamp (global) empties its first layer later than magnitude_l1 (global)"] == "holds"
