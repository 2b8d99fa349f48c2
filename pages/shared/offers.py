"""What pages draw of work: how far it is, and the button that asks for it, with its time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from pages.choices.setting import Setting
from pages.shared import jobs
from pages.shared.answers import Answer
from pages.shared.estimates import Estimate, left
from pages.shared.plain import plain
from pruning.criteria.kinds import Solver, scorers
from pruning.study.study import Study

TITLE = 490
"""px for which titles are broken: these charts span the page, which is that narrow beside the sidebar at 900 px."""


def progress(answer: Answer, what: str, key: str) -> None:
    """How far the work is, how long it will take, and the way to stop it."""
    view = answer.job
    if view is not None and not view.finished:
        jobs.progress([view], view.share, f"{what}: {left([view])}", f"cancel_{key}")


def button(
    label: str, ask: Callable[[], None], key: str, time: Estimate | None = None, *, of: str = "", **looks: Any
) -> None:
    """A button that asks for work, with the time that it will take.

    Args:
        ask: does so; its refusal is said in place of the button's work.
        of: what follows the number of the time, such as "of one core".
        looks: further arguments of the button; ``place``: where it is drawn.
    """
    said = f" ({time.words(of)})" if time is not None else ""
    looks = {"place": st, "icon": ":material/play_arrow:"} | looks
    if looks.pop("place").button(label + said, key=key, **looks):
        jobs.start(ask)


def offer(study: Study, answer: Answer, label: str, time: Estimate | None, key: str, name: str = "") -> None:
    """The button that starts the work, where it is neither there nor under way; with a name it is listed under Runs."""
    if answer.complete or answer.pending:
        return
    if answer.error:
        st.info(plain(answer.error), icon=":material/info:")
    button(label, partial(jobs.begin, study, name), key, time)


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
