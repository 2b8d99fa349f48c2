"""The work behind the page Failures: answers of both networks on both splits, and how far they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from pages.choices.failures import COUNTS, SPLITS, Suspicion, logits
from pages.choices.setting import Setting
from pages.shared import estimates, jobs
from pages.shared.answers import Answer, look
from pages.shared.estimates import Estimate
from pages.shared.offers import button, progress
from pages.shared.plain import plain
from pages.shared.standing import Standing, standing, whole
from pruning.common.errors import PruningError
from pruning.results.failures.answers import Answers, paired
from pruning.study.study import Study
from pruning.training.options import budget, trained_on
from pruning.zoo.kinds import models
from pruning.zoo.match import class_name

Two = tuple[Answers, Answers]


@dataclass(frozen=True)
class BothAnswers:
    """What is known of the dense and the compressed network, by split: test answers may be the first ones only."""

    found: dict[tuple[str, bool], Answer]

    @property
    def pending(self) -> bool:
        return any(answer.pending for answer in self.found.values())

    @property
    def complete(self) -> bool:
        return all(answer.complete for answer in self.found.values())

    @property
    def error(self) -> str:
        return next((answer.error for answer in self.found.values() if answer.error), "")

    def two(self, split: str) -> Two | None:
        """Both networks' answers to the examples that both have seen; None before there are any."""
        values = [self.found[split, small].value for small in (False, True)]
        if any(not value or "answers" not in value for value in values):
            return None
        dense, small = (Answers.read(value) for value in values if value)
        return paired(dense, small)


def pair(setting: Setting, chosen: Suspicion) -> BothAnswers:
    """Both networks on both splits; quick work is asked for."""
    quick = cost(setting, chosen).quick
    found = {}
    for split in SPLITS:
        for small in (False, True):
            study = chosen.study(setting, small, logits(split, COUNTS[split]))
            found[split, small] = look(study, f"failures_{split}_{small}", automatic=quick)
    return BothAnswers(found)


def cost(setting: Setting, chosen: Suspicion) -> Estimate:
    """The time of all answers to clean images."""
    recipe, _ = chosen.compressed(setting)
    time = estimates.passes(setting.model, setting.device, 2 * sum(COUNTS.values()))
    return time + estimates.training(setting.model, setting.device, trained_on(recipe)) if budget(recipe) else time


def offered(setting: Setting, chosen: Suspicion, now: BothAnswers) -> None:
    """How far the answers are, or the button that asks for them."""
    running = [answer for answer in now.found.values() if answer.pending]
    if running:
        progress(running[0], "Passing images through both networks", "failures")
        return
    if now.complete:
        return
    if now.error:
        st.info(plain(now.error), icon=":material/info:")

    def ask() -> None:
        for small in (False, True):
            for split in SPLITS:
                jobs.begin(chosen.study(setting, small, logits(split, COUNTS[split])))

    button("Compare both networks image by image", ask, "failures_start", cost(setting, chosen), type="primary")


def several(studies: list[Study], label: str, time: Estimate, what: str, key: str) -> Standing:
    """Studies of many results: how far they are, or the button that asks for them."""
    now = standing(map(whole, studies))
    if now.running:
        words = f"{what}, {estimates.left(now.running)}"
        jobs.progress(now.running, jobs.mean_share(now.running), words, f"failures_cancel_{key}")
    elif now.lacking:
        for error in now.errors:
            st.info(plain(error), icon=":material/info:")
        button(label, partial(jobs.begin_all, now.lacking), f"failures_{key}", time)
    return now


def read(study: Study, now: Standing) -> list[Answers] | None:
    """Answers of all measures of a study, once all are there."""
    keys = whole(study).keys
    return [Answers.read(now.found[key].value) for key in keys] if now.found.keys() >= set(keys) else None


def namer(setting: Setting) -> Callable[[int], str]:
    """Names of classes."""

    def name(label: int) -> str:
        try:
            return class_name(setting.model, setting.base.data_name or "", label)
        except PruningError:
            return f"class {label}"

    return name


def title(setting: Setting, chosen: Suspicion) -> str:
    """The compressed network in words."""
    return f"{models[setting.model].label}, {chosen.label(setting)}"
