"""What scorers cost on this machine: timings, and the job that takes them."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from pages.choices.setting import Setting
from pages.shared.answers import Answer
from pages.shared.estimates import light
from pages.shared.jobs import begin, job
from pages.shared.offers import button, progress
from pages.shared.plain import plain
from pages.shared.server import engine, owner, person, session
from pages.shared.standing import Standing, standing, whole
from pruning.common.environment import machine
from pruning.common.errors import PruningError
from pruning.criteria.kinds import Solver, scorers
from pruning.study.study import MeasureSpec, Study
from pruning.zoo.kinds import models


def _cost(name: str) -> MeasureSpec:
    return MeasureSpec(name="scoring_cost", options={"scorer": name})


def costs(setting: Setting, names: list[str]) -> dict[str, dict[str, Any]]:
    """What scoring costs on this machine, by name, as far as it was measured."""
    wanted = whole(Study(base=setting.base, recipe=(), measures=tuple(_cost(name) for name in names)))
    found = standing([wanted]).found
    return {name: found[key].value for name, key in zip(names, wanted.keys, strict=True) if key in found}


def said(cost: dict[str, Any] | None) -> str:
    """A timing in words."""
    if cost is None:
        return "not measured here yet"
    if cost["seconds"] is None:
        return f"does not apply: {cost['refused']}"
    return f"{cost['seconds']:.2g} s" if cost["seconds"] >= 0.001 else "under 1 ms"


def measuring(setting: Setting) -> bool:
    """Whether costs are being measured; on a small model those of rankings start by themselves."""
    if light(setting) and job(_rankings(setting)) is None and set(_lacking(setting)) - set(_solvers()):
        _ask(_rankings(setting))
    return bool(_standing(setting).running)


def _solvers() -> list[str]:
    """Names of the solvers, which take longest."""
    return [name for name in scorers.names() if issubclass(scorers[name], Solver)]


def _rankings(setting: Setting) -> Study:
    names = [name for name in scorers.names() if name not in _solvers()]
    return Study(base=setting.base, recipe=(), measures=tuple(_cost(name) for name in names))


def _every(setting: Setting) -> Study:
    rankings = _rankings(setting)
    return rankings.model_copy(update={"measures": (*rankings.measures, *(_cost(name) for name in _solvers()))})


def _lacking(setting: Setting) -> list[str]:
    """Scorers whose cost was not measured on this machine."""
    names = scorers.names()
    measured = costs(setting, names)
    return [name for name in names if name not in measured]


def _standing(setting: Setting) -> Standing:
    """How the studies stand that may time them: all of them on request, rankings by itself."""
    return standing([whole(_every(setting)), whole(_rankings(setting))])


def _ask(study: Study) -> None:
    """Time scorers without being asked, one after another on one worker; an error is shown."""
    try:
        engine().submit(study, owner=owner(), durable=False, person=person(), session=session())
    except PruningError as error:
        st.error(plain(str(error)))


def cost_panel(setting: Setting) -> bool:
    """The way to measure the costs that are missing, and how far that is; returns whether it is under way."""
    lacking, now = _lacking(setting), _standing(setting)
    st.caption(f"Costs are timed on {machine()}, {setting.device.upper()}: seconds to score the network once.")
    if now.running:
        progress(Answer(job=now.running[0]), "Timing one scorer after another", "costs")
        return True
    for error in now.errors:
        st.info(plain(error), icon=":material/info:")
    label = models[setting.model].label
    if lacking:
        button(
            f"Time {len(lacking)} scorers on {label}",
            partial(begin, _every(setting)),
            "costs_start",
            icon=":material/timer:",
            help="One after another on one worker, solvers last: these take minutes. Stored for this machine.",
        )
    return False
