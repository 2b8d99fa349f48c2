"""How long training takes on this machine: measured by earlier trainings, else a rough guess."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.choices.setting import Setting
from pages.recover.work import TRACE, Standing
from pages.shared.server import store
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import remembered
from pruning.study.methods.defaults import defaults_of
from pruning.study.study import Study


@st.cache_resource(show_spinner=False)
def _paces() -> dict[tuple[str, str], float]:
    """Seconds an image of a training step, by model and device, as trainings on this server were seen to take."""
    return {}


def notice(setting: Setting, ways: Sequence[Standing], batch: int) -> None:
    """Learn the pace from finished trainings on this machine, as the store has them."""
    keys = {_trace_key(one.way.training): one.way.steps for one in ways if one.done and one.way.steps}
    found = [item.seconds / (keys[key] * batch) for key, item in store().get(list(keys)).items()]
    if found:
        # A training that was continued counts its last part alone: the slowest one is nearest to the truth.
        _paces()[setting.model, setting.device] = max(found)


@remembered(4 * PAGE_TABLES)
def _trace_key(study: Study) -> str:
    return study.cells()[0].measure_key(TRACE)


def seconds(setting: Setting, ways: Sequence[Standing], batch: int) -> tuple[float, bool]:
    """About how long what is missing takes one after another, and whether that was measured here."""
    left = sum(one.way.steps for one in ways if not one.done)
    pace = _paces().get((setting.model, setting.device))
    guess = defaults_of(setting.model).seconds if pace is None else pace
    return left * batch * guess, pace is not None
