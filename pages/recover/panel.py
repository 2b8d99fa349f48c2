"""What the page Recover shows: how each strategy stands, curves, the comparison, masks over time."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.choices.setting import Setting, gone
from pages.recover.start import troubles, work
from pages.recover.work import StrategyProgress, Way, best_two, dense, look, tested
from pages.shared.answers import Answer
from pages.shared.offers import TITLE
from pages.shared.show import show
from pruning.common.bits import unpacked
from pruning.results.charts.base import percent
from pruning.results.charts.budget_comparison import budget_comparison
from pruning.results.charts.levels import level_percent
from pruning.results.charts.sparsity_over_time import mask_churn, sparsity_over_time
from pruning.results.charts.training_curves import WHAT, training_curves
from pruning.results.charts.words import tip
from pruning.results.comparisons import in_words, on_same_images
from pruning.results.training import churn_frame, curves_frame, layers_frame, results_frame
from pruning.study.methods.recovery_plan import RecoveryPlan
from pruning.zoo.kinds import models


def busy(ways: Sequence[Way]) -> bool:
    """Whether anything of these strategies is under way."""
    results = [(one, tested(one)) for one in map(look, ways)]
    pending = any(one.running or answer.pending for one, answer in results)
    return pending or any(answer.pending for _, answer in best_two(results))


def panel(setting: Setting, plan: RecoveryPlan, ways: Sequence[Way]) -> bool:
    """All of it; returns whether anything is under way."""
    found = [look(one) for one in ways]
    trained = [one for one in found if one.way.steps]
    results = [(one, tested(one)) for one in found]
    scores = results_frame(
        ((one.way.label, one.way.steps, answer.value) for one, answer in results if answer.value),
        {one.way.label: one.validation for one in trained if one.validation is not None},
    )
    two = best_two(results)
    pending = any(one.running for one in found) or any(answer.pending for _, answer in [*results, *two])
    _headline(setting, scores, any(one.rows for one in found))
    work(setting, plan, trained)
    troubles(results)
    started = any(one.rows or one.running for one in trained)
    if not started and scores.empty:
        return pending
    planned = [one.way.label for one in trained]
    before = dense(setting, "test", 10_000)
    if started:
        _curves(setting, plan, trained, planned)
    if len(scores):
        show(budget_comparison(scores, setting.sparsity, before, planned), "comparison", width=TITLE)
        _budgets(plan, found, scores)
        _paired(setting, two)
    if started:
        _masks(trained, plan.fine.steps)
    return pending


def _headline(setting: Setting, scores: pd.DataFrame, begun: bool) -> None:
    """The page's finding in one sentence."""
    model, lost = models[setting.model].label, gone(setting, None)
    trained = scores[scores["steps"] > 0].sort_values(["validation", "accuracy"], ascending=False, kind="stable")
    if trained.empty:
        st.header(f"How does {model} recover from losing {lost}?", anchor=False)
        return
    text = f"{model} with {lost} gone recovers to {percent(trained['accuracy'].iloc[0])}"
    left = scores[scores["steps"] == 0]
    if len(left):
        text += f" (right after pruning {percent(left['accuracy'].iloc[0])})"
    st.header(text, anchor=False)


def _curves(setting: Setting, plan: RecoveryPlan, trained: Sequence[StrategyProgress], planned: list[str]) -> None:
    """Accuracy, loss or sparsity against steps."""
    what = st.segmented_control(
        "Shown", list(WHAT), default="accuracy", key="recover_what", required=True, label_visibility="collapsed"
    )
    tables = [curves_frame(one.way.label, one.rows, one.value["weights"]) for one in trained if one.value and one.rows]
    table = pd.concat(tables, ignore_index=True) if tables else curves_frame("", [], [])
    reference = dense(setting, "validation", plan.fine.validation) if plan.fine.validation else None
    running = any(one.running for one in trained)
    show(training_curves(table, what, plan.fine.steps, reference, planned, running), "training", width=TITLE)
    st.caption(
        f"Validation: {plan.fine.validation:,} images, for choices; test images are looked at once, at the end. "
        "Training: the mean over the batches since the look before."
    )


def _budgets(plan: RecoveryPlan, found: Sequence[StrategyProgress], scores: pd.DataFrame) -> None:
    """Which budget each had, in words."""
    images = plan.fine.steps * plan.fine.batch
    free = [one.way.label.lower() for one in found if not one.way.steps]
    text = (
        f"Budget: {plan.fine.steps:,} steps of {plan.fine.batch} images ({images:,} images) for every strategy that "
        "trains, counted over all its rounds"
    )
    text += f"; none for: {', '.join(free)}." if free else "."
    count = int(scores["count"].min())
    st.caption(
        f"{text} Brackets: 95 % Wilson intervals of {count:,} test images, one training seed each: another seed may "
        "move a strategy by more. The best is chosen on validation images."
    )


def _paired(setting: Setting, two: Sequence[tuple[StrategyProgress, Answer]]) -> None:
    """The two best on the same images: is the difference more than luck?"""
    if len(two) == 2 and all(answer.value and answer.origin != "partial" for _, answer in two):
        first, second = (unpacked(answer.value)[None] for _, answer in two if answer.value)
        where = f"at {level_percent(setting.sparsity)} sparsity"
        st.markdown(in_words(two[0][0].way.label, two[1][0].way.label, on_same_images(first, second), where))


def _masks(trained: Sequence[StrategyProgress], steps: int) -> None:
    """The layer map filling up, and which weights went and came back, of one strategy."""
    st.subheader("When do the weights go?", anchor=False, help=tip("mask churn"))
    names = {one.way.label: one for one in trained}
    filling = [one.way.label for one in trained if one.way.strategy.name in ("gradual", "iterative")]
    first = filling[-1] if filling else next(iter(names))
    label = st.selectbox("Strategy", list(names), list(names).index(first), key="recover_masks")
    one = names[label]
    if not one.rows:
        st.caption("This strategy has not begun.")
        return
    value = one.value or {}
    show(
        sparsity_over_time(layers_frame(one.rows, value["layers"], value["weights"]), steps, label, one.running),
        "masks",
        width=TITLE,
    )
    show(mask_churn(churn_frame(one.rows, value["weights"]), steps, label), "churn", width=TITLE)
    st.caption(
        "Between two validation checks: weights that were removed, and weights that came back (regrowth, movement)."
    )
