"""Work on the page Recover: start, progress, cancel, continue, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.choices.setting import Setting
from pages.recover.pace import seconds
from pages.recover.work import Standing, begin
from pages.shared.answers import Answer
from pages.shared.jobs import progress, start, times_left
from pruning.results.sentences import duration, expected
from pruning.study.methods.recovery_plan import RecoveryPlan


def work(setting: Setting, plan: RecoveryPlan, trained: Sequence[Standing]) -> None:
    """Start, progress, cancel, continue."""
    lacking = [one for one in trained if not one.done]
    running = [one for one in lacking if one.running]
    waiting = [one for one in lacking if not one.running]
    if running:
        jobs = [one.job for one in running if one.job]
        done = sum(job.done for job in jobs) + sum(one.way.steps for one in trained if one.done)
        total = sum(one.way.steps for one in trained if one.done or one.running)
        left = times_left(jobs)
        words = f"{duration(sum(left) + _queued(setting, running, plan))} left" if left else "begins"
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
    time, measured = seconds(setting, waiting, plan.fine.batch)
    said = expected(time, measured)
    label = f"Continue {len(waiting)} of {len(trained)}" if stopped else f"Train {_counted(len(waiting))}"
    help_ = "Goes on from the last checkpoint." if stopped else "One job a strategy, in the background."
    if st.button(f"{label} ({said})", key="recover_start", type="primary", icon=":material/play_arrow:", help=help_):
        start(partial(begin, setting, waiting))


def _counted(count: int) -> str:
    return f"{count} {'strategy' if count == 1 else 'strategies'}"


def _queued(setting: Setting, running: Sequence[Standing], plan: RecoveryPlan) -> float:
    """Seconds of the strategies that wait for a worker."""
    waiting = [one for one in running if one.job and one.job.state == "queued"]
    return seconds(setting, waiting, plan.fine.batch)[0]


def troubles(results: Sequence[tuple[Standing, Answer]]) -> None:
    """What failed, was stopped, or diverged, each in a sentence."""
    for one, answer in results:
        if one.value and one.value.get("diverged") is not None:
            st.warning(
                f"{one.way.label} diverged: at step {one.value['diverged']:,} of its training the loss was no number "
                "any more. What was recorded before is shown. A smaller learning rate usually helps.",
                icon=":material/warning:",
            )
        elif one.stopped and one.job is not None and one.job.state == "failed":
            st.warning(f"{one.way.label}: {one.job.error}", icon=":material/error:")
        elif one.stopped:
            at = f" at step {one.rows[-1]['total']:,} of {one.way.steps:,}" if one.rows else ""
            st.caption(f"{one.way.label} was cancelled{at}.")
        if answer.error:
            st.info(f"{one.way.label}: {answer.error}", icon=":material/info:")
