"""Charts of training: every title says the finding, numbers are those of the table, empty and growing ones draw."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pruning.common.errors import BadValue
from pruning.results.charts.budget_comparison import budget_comparison
from pruning.results.charts.sparsity_over_time import mask_churn, sparsity_over_time
from pruning.results.charts.ticket_curves import ticket_curves
from pruning.results.charts.training_curves import training_curves
from pruning.results.tickets import means_frame, rows_frame
from pruning.results.training import churn_frame, curves_frame, layers_frame, results_frame

THEMES = ("light", "dark")


def look(total: int, accuracy: float, removed: list[int], gone: int = 0, back: int = 0) -> dict[str, object]:
    return {
        "total": total,
        "step": total,
        "train_loss": 1 - accuracy / 2,
        "train_accuracy": accuracy + 0.01,
        "validation_loss": 1 - accuracy,
        "validation_correct": round(1000 * accuracy),
        "validation_count": 1000,
        "removed": removed,
        "gone": gone,
        "back": back,
    }


SLOW = [look(100, 0.70, [50, 0], 50), look(200, 0.80, [90, 5], 45, 0)]
FAST = [look(100, 0.78, [90, 5]), look(200, 0.79, [90, 5], 10, 10)]
WEIGHTS = [100, 10]
CURVES = pd.concat([curves_frame("slow", SLOW, WEIGHTS), curves_frame("fast", FAST, WEIGHTS)])
RESULTS = results_frame(
    [
        ("left", 0, {"correct": 300, "count": 1000}),
        ("slow", 200, {"correct": 810, "count": 1000}),
        ("fast", 200, {"correct": 790, "count": 1000}),
    ]
)


def said(title: str) -> str:
    return title.replace("\u00a0", " ")


def test_curves_name_the_best_on_validation_when_all_have_ended() -> None:
    assert said(training_curves(CURVES, "accuracy", 200).title) == (
        "slow ends with the best validation accuracy, 80 %, then fast"
    )
    assert said(training_curves(CURVES, "loss", 200).title).startswith("slow ends with the best validation loss, 0.200")
    pending = said(training_curves(CURVES, "accuracy", 200, pending=True).title)
    assert "best" not in pending and "after 200 steps" in pending


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("what", ["accuracy", "loss", "sparsity"])
def test_curves_draw_validation_solid_and_training_dotted(what: str, theme: str) -> None:
    figure = training_curves(CURVES, what, 400, 0.9, ["fast", "slow", "later"]).figure(theme)
    lines = [trace for trace in figure.data if trace.legendgroup == "slow"]
    assert [line.line.dash for line in lines] == (["solid"] if what == "sparsity" else ["solid", "dot"])
    assert figure.layout.xaxis.range[1] >= 400 and len({line.line.color for line in lines}) == 1
    assert any("later (not begun)" in str(trace.name) for trace in figure.data)
    if what == "accuracy":
        assert list(lines[0].y) == [70, 80] and figure.layout.yaxis.range[0] <= 70
        assert any(note.name == "dense" for note in figure.layout.annotations)


def test_a_strategy_keeps_its_colour_while_others_have_not_begun() -> None:
    names = ["fast", "slow"]
    alone = training_curves(CURVES[CURVES["strategy"] == "slow"], planned=names).figure()
    both = training_curves(CURVES, planned=names).figure()

    def colour(figure: object) -> str:
        return next(t.line.color for t in figure.data if t.legendgroup == "slow")  # type: ignore[attr-defined]

    assert colour(alone) == colour(both)


@pytest.mark.parametrize("theme", THEMES)
def test_nothing_yet_draws_axes_and_says_so(theme: str) -> None:
    empty = curves_frame("", [], [])
    assert training_curves(empty).title == "Nothing is trained yet"
    assert training_curves(empty, pending=True).title == "Training has begun"
    training_curves(empty, "loss").figure(theme)
    sparsity_over_time(layers_frame([], [], []), 100, "a").figure(theme)
    mask_churn(churn_frame([], []), 100, "a").figure(theme)
    budget_comparison(results_frame([]), 950, None).figure(theme)
    ticket_curves(rows_frame([]), means_frame(rows_frame([])), pending=True).figure(theme)


def test_wrong_tables_are_refused() -> None:
    with pytest.raises(BadValue, match="lacks"):
        training_curves(CURVES.drop(columns="step"))
    with pytest.raises(BadValue, match="accuracy"):
        training_curves(CURVES, "speed")
    with pytest.raises(BadValue, match="once at each look"):
        sparsity_over_time(layers_frame(SLOW, ["a", "b"], WEIGHTS).iloc[1:], 200, "x")
    with pytest.raises(BadValue, match="early"):
        ticket_curves(rows_frame([]), means_frame(rows_frame([])), "speed")


def test_the_layer_map_fills_up() -> None:
    chart = sparsity_over_time(layers_frame(SLOW, ["a", "b"], WEIGHTS), 400, "slow")
    assert said(chart.title) == "slow fills up to 86.4 % sparsity: a loses most (90 %), b least (50 %)"
    heat = chart.figure().data[0]
    assert np.asarray(heat.z).tolist() == [[50, 90], [0, 50]] and list(heat.x) == [0, 100, 200]
    assert chart.figure().layout.xaxis.range[1] == 400
    still = sparsity_over_time(layers_frame(FAST, ["a", "b"], WEIGHTS), 400, "fast")
    assert "stays at" in still.title


def test_churn_counts_both_ways() -> None:
    chart = mask_churn(churn_frame(FAST, WEIGHTS), 200, "fast")
    assert chart.title == "fast: 105 weights went, 10 came back"
    up, down = chart.figure().data
    assert list(up.y) == [95, 10] and list(down.y) == [0, -10]
    assert list(up.x) == [0, 100] and list(up.width) == [90, 90]  # between the looks at 0, 100 and 200 steps
    assert "none came back" in mask_churn(churn_frame(SLOW, WEIGHTS), 200, "slow").title


def test_the_comparison_ranks_what_was_trained_and_says_budgets() -> None:
    chart = budget_comparison(RESULTS, 950, 0.9, ["slow", "fast"])
    assert said(chart.title) == "At 95 % sparsity slow ends at 81 %, 2.0 points above fast"
    even = results_frame([(name, 200, {"correct": 810, "count": 1000}) for name in ("slow", "fast")])
    assert said(budget_comparison(even, 950, 0.9).title) == "At 95 % sparsity slow ends at 81 %, level with fast"
    figure = chart.figure()
    assert [text.split("<br>")[1] for text in figure.layout.yaxis.ticktext] == ["0 steps", "200 steps", "200 steps"]
    assert figure.layout.xaxis.range[0] > 70  # what was not trained does not press the others into a corner
    assert any("30.0" in note.text for note in figure.layout.annotations)
    first = figure.data[0]
    assert first.x[0] == 81 and first.error_x.array[0] == pytest.approx(100 * (RESULTS["high"][1] - 0.81))
    assert "no strategy has finished" in budget_comparison(RESULTS.head(1), 950, 0.9).title


TICKETS = rows_frame(
    [
        {
            "seed": seed,
            "arm": arm,
            "level": level,
            "correct": base + seed,
            "count": 1000,
            "early_step": early,
            "steps": 400,
            "diverged": None,
        }
        for arm, level, base, early in (
            ("dense", 0, 900, 380),
            ("ticket", 500, 905, 300),
            ("redrawn", 500, 895, 360),
            ("shuffled", 500, 890, 400),
            ("ticket", 969, 880, 320),
            ("redrawn", 969, 850, 400),
        )
        for seed in (0, 2)
    ]
)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("what", ["accuracy", "early"])
def test_tickets_stand_on_a_log_axis_from_dense_to_sparse(what: str, theme: str) -> None:
    figure = ticket_curves(TICKETS, means_frame(TICKETS), what, (500, 969), 400).figure(theme)
    assert figure.layout.xaxis.type == "log" and figure.layout.xaxis.range[0] > figure.layout.xaxis.range[1]
    assert 10 ** figure.layout.xaxis.range[1] < 3.1
    line = next(t for t in figure.data if str(t.name).startswith("ticket:") and t.mode == "lines+markers")
    assert list(line.x) == pytest.approx([50, 3.1])
    assert list(line.y) == pytest.approx([90.6, 88.1] if what == "accuracy" else [300, 320])
    bands = [t for t in figure.data if str(t.name).endswith(", band") and t.name.startswith("ticket")]
    assert len(bands) == 1 and sum(str(t.name).startswith("seed") for t in figure.data) == 6


def test_the_ticket_s_title_stands_at_the_sparsest_level_with_a_control() -> None:
    means = means_frame(TICKETS)
    assert said(ticket_curves(TICKETS, means).title) == (
        "At 3.1 % of the weights the ticket reaches 88.1 %, re-initialised 85.1 %"
    )
    assert "random mask 89.1 %" in said(ticket_curves(TICKETS, means[means["level"] < 900]).title)
    assert "stops early at step 320" in ticket_curves(TICKETS, means, "early").title
    assert len(ticket_curves(TICKETS, means).table) == len(TICKETS)
