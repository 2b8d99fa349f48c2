"""Allocations side by side: what each layer keeps at the chosen level."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.choices.setting import Setting
from pages.shared.answers import PROFILE, known
from pages.shared.estimates import light
from pages.shared.offers import TITLE
from pages.shared.profile import LayerProfile, profile_of
from pages.shared.show import show
from pruning.common.options import option_list
from pruning.criteria.compatibility import allocations_for
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.results.charts.allocation_multiples import allocation_multiples
from pruning.results.frames import layers_at
from pruning.results.sentences import unreached

LONG = ("owl", "sensitivity")
"""Allocations that pass images through the network: not for large models without being asked."""
ALL = "layers_all_allocations"


def variants(setting: Setting) -> dict[str, Setting]:
    """The setting with each compatible allocation in place of its own; only its own keeps its options.

    At level 0: one profile answers all levels, and there a solver has nothing to solve before it.
    """
    setting = setting.at(0)
    return {
        name: setting
        if name == setting.allocation
        else setting.model_copy(update={"allocation": name, "allocation_options": {}})
        for name in allocations_for(setting.scorer, setting.granularity)
        if name == setting.allocation or not by_table(name)
    }


def by_table(name: str) -> bool:
    """Whether an allocation says nothing before a person has filled in its table of layers."""
    return any(option["type"] == "object" for option in option_list(allocations[name]))


def _profiles(setting: Setting) -> tuple[dict[str, LayerProfile], list[str]]:
    """Profiles by allocation, and those that wait for a person to ask."""
    asked, small = st.session_state.get(ALL) == setting.model, light(setting)
    found: dict[str, LayerProfile] = {}
    waiting = []
    for name, variant in variants(setting).items():
        cheap = scorers[setting.scorer].needs == "weights" and name not in LONG
        if small or asked or cheap or name == setting.allocation or known(variant.study(PROFILE)) is not None:
            found[name] = profile_of(variant, f"allocation_{name}")
        else:
            waiting.append(name)
    return found, waiting


def busy(setting: Setting) -> bool:
    """Whether a profile is under way; asks for them."""
    return any(profile.table is None and not profile.error for profile in _profiles(setting)[0].values())


def panel(setting: Setting) -> bool:
    """The small multiples; returns whether some are still under way."""
    found, waiting = _profiles(setting)
    tables = [
        layers_at(profile.table, setting.sparsity).assign(allocation=allocations[name].label)
        for name, profile in found.items()
        if profile.table is not None and not unreached(profile.value or {}, setting.sparsity)
    ]
    pending = [name for name, profile in found.items() if profile.table is None and not profile.error]
    if tables:
        chosen = allocations[setting.allocation].label
        show(allocation_multiples(pd.concat(tables), setting.sparsity, chosen), "allocations", width=TITLE)
        st.caption(
            f"{scorers[setting.scorer].label}, {granularities[setting.granularity].label.lower()}; "
            "the dotted line is the share that the whole network keeps."
        )
    for name, profile in found.items():
        if why := profile.error or unreached(profile.value or {}, setting.sparsity):
            st.caption(f":material/info: {allocations[name].label}: {why}")
    if pending:
        st.caption(f"Under way: {', '.join(allocations[name].label for name in pending)} …")
    if waiting:
        names = ", ".join(allocations[name].label for name in waiting)
        if st.button(f"Draw too: {names} (scores the network anew)", key="allocations_all"):
            st.session_state[ALL] = setting.model
            st.rerun()
    return bool(pending)
