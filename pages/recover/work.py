"""The work behind the page Recover: one study a strategy, how it stands, and its numbers as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.choices.setting import Setting
from pages.recover import state
from pages.shared import jobs
from pages.shared.answers import TEST, Answer, ask
from pages.shared.answers import look as answer_to
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import remembered
from pruning.engine.jobs import JobView
from pruning.study.methods.recovery_plan import RecoveryPlan
from pruning.study.methods.strategies import STRATEGIES, Strategy
from pruning.study.study import MeasureSpec, Study
from pruning.training.options import budget
from pruning.zoo.kinds import models

TRACE = MeasureSpec(name="trace")
VERDICTS = MeasureSpec(name="verdicts")


@dataclass(frozen=True)
class Way:
    """One strategy with its studies: the training, validation by validation, and its test accuracy."""

    strategy: Strategy
    steps: int
    training: Study
    test: Study

    @property
    def label(self) -> str:
        return self.strategy.label


@dataclass(frozen=True)
class StrategyProgress:
    """How one strategy stands: what was seen of its training, and its job."""

    way: Way
    value: dict[str, Any] | None
    job: JobView | None
    done: bool

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.value["rows"] if self.value else []

    @property
    def validation(self) -> float | None:
        """The last validation accuracy (0..1), by which strategies are compared before test images are looked at."""
        last = self.rows[-1] if self.rows else {}
        return last["validation_correct"] / last["validation_count"] if "validation_correct" in last else None

    @property
    def running(self) -> bool:
        return self.job is not None and not self.job.finished

    @property
    def stopped(self) -> bool:
        """Cancelled or failed before its end: it can be continued."""
        return not self.done and self.job is not None and self.job.state in ("cancelled", "failed")


@remembered(PAGE_TABLES)
def way(setting: Setting, plan: RecoveryPlan, name: str) -> Way:
    """The studies of a strategy. Hashing a specification takes a while, so they are kept.

    Raises:
        PruningError: the recipe cannot be made of this plan.
    """
    strategy = STRATEGIES[name]
    base, recipe = setting.base.model_copy(update={"mark": strategy.mark}), strategy.recipe(plan)
    training = Study(base=base, recipe=recipe, measures=(TRACE,))
    return Way(strategy, budget(recipe), training, training.model_copy(update={"measures": (TEST,)}))


@remembered(4 * PAGE_TABLES)
def _key(study: Study) -> str:
    return study.key


def look(one: Way) -> StrategyProgress:
    """How a strategy stands; what was seen of a training stays for this session after it was stopped."""
    seen: dict[str, dict[str, Any]] = st.session_state.setdefault("recover_seen", {})
    key = _key(one.training)
    if not one.steps:
        return StrategyProgress(one, None, None, True)
    answer = answer_to(one.training)
    if answer.complete:
        return StrategyProgress(one, answer.value, answer.job, True)
    if answer.job is not None and (records := answer.job.partial.get("records")):
        layers, weights = records[-1]["layers"], records[-1]["weights"]
        seen[key] = {"rows": records, "layers": layers, "weights": weights, "diverged": None}
        while len(seen) > PAGE_TABLES:
            seen.pop(next(iter(seen)))
    return StrategyProgress(one, seen.get(key), answer.job, False)


def tested(one: StrategyProgress) -> Answer:
    """The test accuracy: measured once, when the training has ended."""
    return ask(one.way.test, f"recover_test_{one.way.strategy.name}") if one.done else Answer()


def best_two(results: Sequence[tuple[StrategyProgress, Answer]]) -> list[tuple[StrategyProgress, Answer]]:
    """The two trained strategies that are best on validation images, and which test images they get right, once every
    strategy has its accuracy: who is compared is no choice by test images."""
    if any(one.running or not one.done or answer.value is None or answer.pending for one, answer in results):
        return []
    trained = [(one, answer.value) for one, answer in results if one.way.steps and answer.value]
    trained.sort(key=lambda pair: -(pair[0].validation or 0.0))
    return [
        (one, ask(one.way.test.model_copy(update={"measures": (VERDICTS,)}), f"recover_verdict_{place}"))
        for place, (one, _) in enumerate(trained[:2])
    ]


def dense(setting: Setting, split: str, count: int) -> float | None:
    """Accuracy (0..1) before pruning on the first images of a split."""
    spec = MeasureSpec(name="accuracy", options={"split": split, "count": count})
    value = ask(Study(base=setting.base, recipe=(), measures=(spec,)), f"recover_dense_{split}").value
    return value["correct"] / value["count"] if value else None


def begin(setting: Setting, ways: Sequence[StrategyProgress]) -> None:
    """Start, or continue, every strategy that is neither finished nor under way: one job, and one listed run, each."""
    words = state.words(setting)
    for one in ways:
        if not one.done and not one.running:
            jobs.begin(one.way.training)
            name = f"Recover: {setting.sentence()}, {one.way.label}"
            jobs.listed(one.way.training, name, state.PAGE, words)


def offered(setting: Setting, norm: bool) -> dict[str, str]:
    """Every strategy with the reason why it cannot be used here; an empty text where it can."""
    embedded = models[setting.model].embedded
    return {name: strategy.lacks(setting.prune, norm, embedded) for name, strategy in STRATEGIES.items()}
