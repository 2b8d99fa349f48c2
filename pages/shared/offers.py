"""Work of the pages Layers and Scorers: quick things start by themselves, long ones on a button with their time."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.choices.setting import Setting
from pages.shared.answers import TEST, Answer, ask, known
from pages.shared.jobs import begin, job, start, stop
from pages.shared.server import store
from pruning.criteria.kinds import Solver, scorers
from pruning.results.sentences import duration
from pruning.study.study import Study

LIGHT = 0.0005
"""A network that takes at most so many seconds an image is looked at without being asked."""
AUTOMATIC = 20.0
"""Work of at most so many seconds starts by itself."""

TITLE = 490
"""px for which titles are broken: these charts span the page, which is that narrow beside the sidebar at 900 px."""


def pace(setting: Setting) -> float | None:
    """Seconds an image: measured on this machine, else those of the results that come with the program."""
    measured = store().pace(setting.model, setting.device)
    return _bundled(setting) if measured is None else measured


def _bundled(setting: Setting) -> float | None:
    """Seconds an image when the results that come with the program were made."""
    if setting.device != "cpu":
        return None
    cell = Setting(model=setting.model).study(TEST).cells()[0]
    found = next(iter(store().get([cell.measure_key(TEST)]).values()), None)
    return found.seconds / found.images if found is not None and found.images else None


def light(setting: Setting) -> bool:
    """Whether the model is small enough for everything to start by itself; not a matter of how busy the machine is."""
    found = _bundled(setting) or pace(setting)
    return found is not None and found <= LIGHT


def look(study: Study, slot: str, automatic: bool) -> Answer:
    """What there is to show: what is known; else the study's job, which is started if it may start by itself."""
    if (found := known(study)) is not None:
        return Answer(found["value"], found["origin"])
    view = job(study)
    if view is not None and view.state in ("failed", "cancelled"):
        return Answer(job=view, error=view.error)
    if view is not None and view.state == "done" and view.rows:
        return Answer(view.rows[0]["value"], view.rows[0]["origin"], view)
    if view is not None and not view.finished:
        return Answer(view.partial or None, "partial", view)
    return ask(study, slot) if automatic else Answer()


def progress(answer: Answer, what: str, key: str) -> None:
    """How far the work is, how long it will take, and the way to stop it."""
    view = answer.job
    if view is None or view.finished:
        return
    left = f"{duration(view.seconds_left)} left" if view.seconds_left is not None else "waiting for a worker"
    if view.state == "running" and view.seconds_left is None:
        left = "begins"
    row = st.container(horizontal=True, vertical_alignment="center")
    row.progress(view.share, f"{what}: {left}")
    if row.button("Cancel", key=f"cancel_{key}"):
        stop([view])


def offer(study: Study, answer: Answer, label: str, seconds: float | None, key: str, name: str = "") -> None:
    """The button that starts the work, where it is neither there nor under way; with a name it is listed under Runs."""
    if answer.value is not None and answer.origin != "partial" or answer.pending:
        return
    if answer.error:
        st.info(answer.error, icon=":material/info:")
    time = f" ({duration(seconds)})" if seconds else ""
    if st.button(label + time, key=key, icon=":material/play_arrow:"):
        start(partial(begin, study, name))


def rankings(setting: Setting) -> list[str]:
    """Scorers that can stand beside the chosen one: rankings that go with the granularity, made of no other scorer."""
    from pruning.common.options import option_list
    from pruning.criteria.compatibility import fits

    return [
        name
        for name in scorers.names()
        if name != setting.scorer
        and not issubclass(scorers[name], Solver)
        and not any(option["registry"] for option in option_list(scorers[name]))
        and fits(name, setting.granularity) is None
    ]
