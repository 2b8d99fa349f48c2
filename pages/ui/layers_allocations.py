"""Allocations side by side: what each layer keeps at the chosen level."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.ui import layers
from pages.ui.layers_work import TITLE, light
from pages.ui.results import PROFILE, known
from pages.ui.show import show
from pruning import registry
from pruning.charts.allocation_multiples import allocation_multiples
from pruning.compatibility import allocations_for
from pruning.frames import layers_at
from pruning.links import Setting
from pruning.options import option_list

LONG = ("owl", "sensitivity")
"""Allocations that pass images through the network: not for large models without being asked."""
ALL = "layers_all_allocations"


def variants(setting: Setting) -> dict[str, Setting]:
    """The setting with each compatible allocation in place of its own; only its own keeps its options.

    At level 0: one profile answers all levels, and there a solver has nothing to solve before it.
    """
    setting = setting.model_copy(update={"sparsity": 0})
    return {
        name: setting if name == setting.allocation
        else setting.model_copy(update={"allocation": name, "allocation_options": {}})
        for name in allocations_for(setting.scorer, setting.granularity)
        if name == setting.allocation or not by_table(name)
    }  # fmt: skip


def by_table(name: str) -> bool:
    """Whether an allocation says nothing before a person has filled in its table of layers."""
    return any(option["type"] == "object" for option in option_list(registry.allocations[name]))


def _profiles(setting: Setting) -> tuple[dict[str, layers.Profile], list[str]]:
    """Profiles by allocation, and those that wait for a person to ask."""
    asked, small = st.session_state.get(ALL) == setting.model, light(setting)
    found: dict[str, layers.Profile] = {}
    waiting = []
    for name, variant in variants(setting).items():
        cheap = registry.scorers[setting.scorer].needs == "weights" and name not in LONG
        if small or asked or cheap or name == setting.allocation or known(variant.study(PROFILE)) is not None:
            found[name] = layers.profile_of(variant, f"allocation_{name}")
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
        layers_at(profile.table, setting.sparsity).assign(allocation=registry.allocations[name].label)
        for name, profile in found.items()
        if profile.table is not None
    ]
    pending = [name for name, profile in found.items() if profile.table is None and not profile.error]
    if tables:
        chosen = registry.allocations[setting.allocation].label
        show(allocation_multiples(pd.concat(tables), setting.sparsity, chosen), "allocations", width=TITLE)
        st.caption(
            f"{registry.scorers[setting.scorer].label}, {registry.granularities[setting.granularity].label.lower()}; "
            "the dotted line is the share that the whole network keeps."
        )
    for name, profile in found.items():
        if profile.error:
            st.caption(f":material/info: {registry.allocations[name].label}: {profile.error}")
    if pending:
        st.caption(f"Under way: {', '.join(registry.allocations[name].label for name in pending)} …")
    if waiting:
        names = ", ".join(registry.allocations[name].label for name in waiting)
        if st.button(f"Draw too: {names} (scores the network anew)", key="allocations_all"):
            st.session_state[ALL] = setting.model
            st.rerun()
    return bool(pending)
