"""Findings: each comparison seed by seed against scipy's paired t-test, and verdicts that can go either way."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from pruning.results.literature import FINDINGS, findings, read, words


def row(arm: str, seed: int, correct: int, experiment: str = "rounds", **more: Any) -> dict[str, Any]:
    return {
        "experiment": experiment,
        "model": "lenet_5",
        "arm": arm,
        "level": 950,
        "seed": seed,
        "correct": correct,
        "count": 10_000,
        "dense_correct": 9100,
        "steps": 1200,
        **more,
    }


def test_a_finding_is_a_paired_difference_with_its_interval() -> None:
    left, right = (9000, 9050, 9020), (8900, 8990, 8975)
    rows = [row("iterative", s, c) for s, c in enumerate(left)] + [row("one shot", s, c) for s, c in enumerate(right)]
    (line,) = findings(rows).to_dict("records")
    gaps = [(a - b) / 10_000 for a, b in zip(left, right, strict=True)]
    low, high = stats.ttest_1samp(gaps, 0).confidence_interval(0.95)
    assert line["points"] == pytest.approx(sum(gaps) / 3)
    assert (line["low"], line["high"]) == (pytest.approx(low), pytest.approx(high))
    assert (line["wins"], line["seeds"], line["verdict"], line["steps"]) == (3, 3, "holds", 1200)
    assert words(line) == "+0.7 points (+0.0 to +1.4)"


@pytest.mark.parametrize(
    ("gains", "verdict", "wins"),
    [((1, 2, 3), "holds", 3), ((-1, 4, 3), "mixed", 2), ((-9, 4, 3), "fails", 2), ((0, 0, 0), "mixed", 0)],
)
def test_the_verdict_follows_the_mean_and_the_seeds(gains: tuple[int, ...], verdict: str, wins: int) -> None:
    rows = [row("one shot", s, 9000) for s in range(3)] + [row("iterative", s, 9000 + g) for s, g in enumerate(gains)]
    (line,) = findings(rows).to_dict("records")
    assert (line["verdict"], line["wins"]) == (verdict, wins)


def test_no_loss_has_room_for_a_tenth_of_a_point_and_one_seed_has_no_interval() -> None:
    for correct, verdict in ((9100, "holds"), (9090, "holds"), (9089, "fails")):
        (line,) = findings([row("iterative", 0, correct, "han")]).to_dict("records")
        assert line["verdict"] == verdict and words(line).endswith("(one seed)")


def test_seeds_without_a_rival_and_unknown_arms_count_for_nothing() -> None:
    assert findings([row("iterative", 0, 9000), row("one shot", 1, 8000), row("other", 0, 1)]).empty


def test_files_are_read_and_a_damaged_one_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    about = {"schema_version": 1, "experiment": "lottery", "model": "lenet_300_100", "rows": [{"arm": "ticket"}]}
    (tmp_path / "a.json").write_text(json.dumps(about))
    (tmp_path / "b.json").write_text("{")
    (tmp_path / "c.json").write_text(json.dumps(about | {"schema_version": 2}))
    with caplog.at_level(logging.WARNING):
        rows, said = read(tmp_path)
    assert rows == [{"arm": "ticket", "experiment": "lottery", "model": "lenet_300_100"}]
    assert len(said) == 1 and "rows" not in said[0]
    assert "b.json" in caplog.text and "schema version 2" in caplog.text


def test_a_network_that_diverged_is_no_result() -> None:
    rows = [row("one shot", s, 9000) for s in range(3)] + [row("iterative", s, 9001) for s in range(3)]
    rows[1]["diverged"] = 12
    (line,) = findings(rows).to_dict("records")
    assert (line["seeds"], line["wins"]) == (2, 2)


def test_every_finding_names_its_source() -> None:
    assert all(finding.reference[-4:].isdigit() and finding.claim for finding in FINDINGS)
