"""Numbers of a report: those of its sentences are those of its table, and those of the table are right."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from pruning.results.report.evidence import Evidence, Measured
from pruning.results.report.numbers import HEAD, digits, findings, line, lines, signed, student, table
from pruning.study.study import MeasureSpec, Study

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def evidence(counts: dict[tuple[int, str, int], dict[str, int]], seeds: int) -> Evidence:
    """A study of two criteria at some levels, with these accuracies by seed, scorer and level."""
    levels = sorted({level for _, _, level in counts})
    axes = {"seed": range(seeds), "0.scorer": ("magnitude_l1", "random"), "0.sparsity": levels}
    study = Study(axes={axis: tuple(values) for axis, values in axes.items()}, measures=(MeasureSpec(name="accuracy"),))
    rows = [
        {
            "coordinates": cell.coordinates,
            "measure": "accuracy",
            "value": counts[cell.base.seed, cell.recipe[0].scorer, cell.level],
        }
        for cell in study.cells()
    ]
    return Evidence(study, tuple(rows))


@st.composite
def accuracies(draw: st.DrawFn) -> Evidence:
    images, seeds = draw(st.sampled_from((100, 1000, 10_000))), draw(st.integers(1, 3))
    levels = draw(st.lists(st.integers(1, 999), min_size=1, max_size=4, unique=True))
    counts = {}
    for seed in range(seeds):
        dense = draw(st.integers(0, images))
        for scorer in ("magnitude_l1", "random"):
            for level in levels:
                lost = draw(st.integers(0, dense))
                gained = draw(st.integers(0, images - dense))
                counts[seed, scorer, level] = {
                    "count": images,
                    "correct": dense - lost + gained,
                    "dense_correct": dense,
                    "lost": lost,
                    "gained": gained,
                }
    return evidence(counts, seeds)


@given(accuracies())
def test_numbers_of_sentences_stand_in_the_table(run: Evidence) -> None:
    found = lines(run)
    shown = table(found, "test")
    for sentence in findings(found):
        curve = next(name for name in run.curves if sentence.startswith(f"**{name}**"))
        printed = " ".join(" ".join(cells[1:]) for cells in shown.lines if cells[0] == curve)
        said = sentence.removeprefix(f"**{curve}**").replace("one point", "")
        assert set(NUMBER.findall(said)) <= set(NUMBER.findall(printed))
    assert {len(cells) for cells in shown.lines} == {len(HEAD)}
    assert len(shown.lines) == len({(one.curve, one.level) for one in run.accuracies})


@given(accuracies())
def test_printed_means_are_those_of_the_counts(run: Evidence) -> None:
    for one in lines(run):
        values = [a.value for a in run.accuracies if (a.curve, a.level) == (one.curve, one.level)]
        share = sum(100 * value["correct"] / value["count"] for value in values) / len(values)
        change = sum(100 * (value["gained"] - value["lost"]) / value["count"] for value in values) / len(values)
        assert float(one.spread.split()[0]) == pytest.approx(share, abs=0.51 * 10**-one.digits)
        assert one.difference == pytest.approx(change)
        assert float(one.change.split()[0].replace("−", "-")) == pytest.approx(change, abs=0.51 * 10**-one.digits)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=9).filter(lambda values: max(values) - min(values) > 1e-3))
def test_interval_over_seeds_is_scipys(values: list[float]) -> None:
    known = ttest_1samp(values, 0)
    interval = known.confidence_interval(0.95)
    assert student(values) == pytest.approx((interval.low, interval.high, known.pvalue), rel=1e-6, abs=1e-9)


def test_one_seed_has_wilsons_interval_and_mcnemars_test() -> None:
    value = {"count": 1000, "correct": 918, "dense_correct": 933, "lost": 25, "gained": 10}
    found = line([Measured("A", 900, (0, 0), "test", value)])
    assert found.cells() == ("A", "90 %", "91.8 (89.9 to 93.3)", "93.3", "−1.5 (−2.7 to −0.3)", "0.017", "1", "1,000")


def test_digits_are_what_images_can_tell() -> None:
    assert [digits(images) for images in (10, 199, 200, 10_000, 100_000)] == [0, 0, 1, 1, 2]
    assert signed(-0.001, 1) == "0.0"
