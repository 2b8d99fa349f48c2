"""The profile that several pages draw: how much of each layer goes, at all levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from pages.choices.setting import Setting
from pages.shared.answers import PROFILE, ask
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import Recent
from pruning.criteria.kinds import Solver, scorers
from pruning.results.frames import profile_frame

_tables: Recent[pd.DataFrame] = Recent(PAGE_TABLES, "profiles")
"""Profiles as tables, by the measure's key: everybody shares them, so nobody changes them."""


@dataclass(frozen=True)
class LayerProfile:
    """The layers at all levels; without a table, a sentence why not, or a job that is under way."""

    table: pd.DataFrame | None = None
    value: dict[str, Any] | None = None
    error: str = ""

    @property
    def norm(self) -> bool:
        """Whether the network has BatchNorm."""
        return bool(self.value and self.value["batch_norm"])


def profile_of(setting: Setting, slot: str = "profile") -> LayerProfile:
    """The profile of a setting's ranking."""
    # Counts are the same at every level, and asked for at none a solver solves nothing for them.
    solver = issubclass(scorers[setting.scorer], Solver)
    study = (setting.at(0) if solver else setting).study(PROFILE)
    answer = ask(study, slot)
    if answer.value is None or "removed" not in answer.value:
        return LayerProfile(error=answer.error)
    st.session_state.setdefault("layer_names", {})[setting.model] = list(answer.value["layers"])
    value = answer.value
    table = _tables.get_or_make(study.cells()[0].measure_key(PROFILE), lambda: profile_frame(value))
    return LayerProfile(table, answer.value)
