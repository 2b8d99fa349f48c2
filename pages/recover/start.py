"""Work on the page Recover: start, progress, cancel, continue, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.choices.setting import Setting
from pages.recover.work import StrategyProgress, begin
from pages.shared import estimates
from pages.shared.answers import Answer
from pages.shared.estimates import Estimate
from pages.shared.jobs import progress
from pages.shared.offers import button
from pages.shared.plain import plain
from pruning.study.methods.recovery_plan import RecoveryPlan


def work(setting: Setting, plan: RecoveryPlan, trained: Sequence[StrategyProgress]) -> None:
    """Start, progress, cancel, continue."""
    lacking = [one for one in trained if not one.done]
    running = [one for one in lacking if one.running]
    waiting = [one for one in lacking if not one.running]
    if running:
        jobs = [one.job for one in running if one.job]
        done = sum(job.done for job in jobs) + sum(one.way.steps for one in trained if one.done)
        total = sum(one.way.steps for one in trained if one.done or one.running)
        silent = [one for one in running if one.job and one.job.seconds_left is None]
        words = estimates.left(jobs, estimate(setting, plan, silent) if silent else None)
        progress(jobs, done / max(1, total), f"Training {_counted(len(running))}: {words}", "recover_cancel")
    if not waiting:
        return
    if not running and not any(one.rows or one.done for one in trained):
        st.info(
            "Nothing here yet: run this example. Each strategy prunes the same network to the same sparsity and trains "
            "for the same number of steps; what they make of it is drawn while they train, and compared on test images "
            "at the end.",
            icon=":material/school:",
        )
    stopped = [one for one in waiting if one.stopped]
    button(
        f"Continue {len(waiting)} of {len(trained)}" if stopped else f"Train {_counted(len(waiting))}",
        partial(begin, setting, waiting),
        "recover_start",
        estimate(setting, plan, waiting),
        type="primary",
        help="Goes on from the last checkpoint." if stopped else "One job a strategy, in the background.",
    )


def _counted(count: int) -> str:
    return f"{count} {'strategy' if count == 1 else 'strategies'}"


def estimate(setting: Setting, plan: RecoveryPlan, lacking: Sequence[StrategyProgress]) -> Estimate:
    """How long strategies take, one after another."""
    steps = sum(one.way.steps for one in lacking if not one.done)
    return estimates.training(setting.model, setting.device, steps * plan.fine.batch)


def troubles(results: Sequence[tuple[StrategyProgress, Answer]]) -> None:
    """What failed, was stopped, or diverged, each in a sentence."""
    for one, answer in results:
        if one.value and one.value.get("diverged") is not None:
            st.warning(
                f"{one.way.label} diverged: at step {one.value['diverged']:,} of its training the loss was no number "
                "any more. What was recorded before is shown. A smaller learning rate usually helps.",
                icon=":material/warning:",
            )
        elif one.stopped and one.job is not None and one.job.state == "failed":
            st.warning(plain(f"{one.way.label}: {one.job.error}"), icon=":material/error:")
        elif one.stopped:
            at = f" at step {one.rows[-1]['total']:,} of {one.way.steps:,}" if one.rows else ""
            st.caption(f"{one.way.label} was cancelled{at}.")
        if answer.error:
            st.info(plain(f"{one.way.label}: {answer.error}"), icon=":material/info:")
