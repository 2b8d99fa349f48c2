"""Experiments of lessons: asked for as the learner comes to them, drawn when they are there."""

from __future__ import annotations

import streamlit as st

from pages.shared import jobs
from pages.shared.answers import ask
from pages.shared.estimates import left
from pages.shared.offers import TITLE
from pages.shared.plain import plain
from pages.shared.show import show
from pages.shared.standing import Standing, standing, whole
from pruning.common.errors import PruningError
from pruning.results.charts.lesson_bars import lesson_bars
from pruning.results.charts.weight_histogram import weight_histogram
from pruning.results.frames import bins_frame
from pruning.results.lessons.findings import finding, findings_frame
from pruning.results.lessons.quantities import QUANTITIES
from pruning.results.lessons.shape import Histogram, SideBySide
from pruning.zoo.kinds import models


def wanted(experiment: SideBySide, begin: bool = True) -> Standing:
    """How an experiment stands; what nobody asked for yet is begun."""
    now = standing([whole(experiment.study)])
    if now.lacking and begin and not now.jobs:
        try:
            jobs.begin_all(now.lacking)
        except PruningError as error:
            st.info(plain(str(error)), icon=":material/info:")
        now = standing([whole(experiment.study)])
    return now


def values(experiment: SideBySide, now: Standing) -> list[dict] | None:
    """All values in the order of the study, once they are there."""
    keys = whole(experiment.study).keys
    return [now.found[key].value for key in keys] if now.found.keys() >= set(keys) else None


def waiting(now: Standing, key: str) -> None:
    """How far it is, or why it stopped and the button that begins it again."""
    if now.running:
        jobs.progress(now.running, jobs.mean_share(now.running), f"Measuring: {left(now.running)}", f"{key}_cancel")
        return
    for error in now.errors:
        st.info(plain(error), icon=":material/info:")
    if now.lacking and st.button("Measure again", key=f"{key}_again", icon=":material/replay:"):
        jobs.start(lambda: jobs.begin_all(now.lacking))


def draw(experiment: SideBySide, key: str, guess: float | str | None = None, of: str = "", quantity: str = "") -> bool:
    """The picture of an experiment, a guess beside it; returns whether it is under way.

    Args:
        guess: a number, or the network that was chosen; none: nothing was guessed.
        of: the network of which a number was guessed.
    """
    now = wanted(experiment)
    found = values(experiment, now)
    if found is None:
        waiting(now, key)
        return bool(now.running)
    number = guess if isinstance(guess, int | float) else None
    mark = of if number is not None else str(guess or "")
    for name in (quantity or experiment.quantities[0],):
        about, table = QUANTITIES[name], findings_frame(experiment, found, name)
        show(lesson_bars(table, about.label, about.unit, finding(table, name), number, mark), key, width=TITLE)
    others = [name for name in experiment.quantities if name != (quantity or experiment.quantities[0])]
    for name in others:
        table = findings_frame(experiment, found, name)
        about = QUANTITIES[name]
        listed = [f"{row} {about.words(value)}" for row, value in zip(table["name"], table["value"], strict=True)]
        st.caption(f"{about.label.capitalize()}: {'; '.join(listed)}.")
    count = next((int(row["count"]) for row in found if "count" in row), 0)
    bars = ", bars with 95 % intervals" if (quantity or experiment.quantities[0]) == "accuracy" else ""
    images = f" on {count:,} {experiment.split} images{bars}" if count else ""
    mine = " ◆ is what you chose." if isinstance(guess, str) else ""
    st.caption(f"{models[experiment.model].label}, measured here{images}; one network each, seed 0, on the CPU.{mine}")
    return False


def histogram(what: Histogram, key: str) -> bool:
    """The weights of one layer by value; returns whether they are under way."""
    answer = ask(what.study, key)
    if answer.value is None or "edges" not in answer.value:
        st.caption(plain(answer.error) if answer.error else "Counting the weights …")
        return answer.pending
    threshold = answer.value["threshold"]
    show(weight_histogram(bins_frame(answer.value), what.layer, threshold, bool(what.recipe)), key, width=TITLE)
    st.caption(f"{models[what.model].label}: all weights of {what.layer}.")
    return False
