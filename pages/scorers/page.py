"""Scorers: what each criterion is, what it needs and costs, when it fails, and how it fares. Made of registrations."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.choices.setting import Setting
from pages.scorers import cards, claims, fares
from pages.scorers import costs as scorers_costs
from pages.scorers import table as scorers_table
from pages.shared import state
from pages.shared.live import live
from pages.shared.method import choice
from pages.shared.plain import plain
from pages.shared.server import EMBEDDED
from pages.shared.show import show
from pruning.criteria.kinds import scorers
from pruning.results.charts.compatibility_table import compatibility_table
from pruning.results.charts.words import tip
from pruning.zoo.kinds import models

TITLE, ICON, GROUP, PLACE = "Scorers", ":material/menu_book:", "Reference", 90

FEW = 3  # cards that are open from the start when a search leaves no more


def page() -> None:
    """Read the controls, look up what is known, draw."""
    st.session_state["charts"] = {}
    if "setting" not in st.session_state and not st.query_params:
        state.put(Setting(model=EMBEDDED))
    setting, changes = state.current()
    for sentence in changes:
        st.warning(plain(sentence), icon=":material/link_off:")
    setting = _model(setting)
    names = scorers.names()
    solvers = [name for name in names if scorers_table.kind(scorers[name]) == "solver"]
    said = f"{len(names) - len(solvers)} rank once for all levels" + (
        f", {len(solvers)} solve level by level" if solvers else ""
    )
    st.header(f"{len(names)} scorers: {said}", anchor=False)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    words = row.text_input(
        "Search", key="scorers_search", placeholder="name, idea, paper, need …", icon=":material/search:"
    )
    families = row.pills("Family", scorers_table.FAMILIES, selection_mode="multi", key="scorers_family")
    found = scorers_table.matching(words, list(families))
    if found:
        live(partial(_known, setting, found), "costs_part", scorers_costs.measuring(setting))
        _listed(setting, found)
        claims.panel(setting)
        _compatible(found)
    else:
        st.info("No scorer has all of these words. Take one away, or another family.", icon=":material/search_off:")
    state.publish(setting)


def _compatible(names: list[str]) -> None:
    """Which criteria, granularities and allocations go together."""
    st.subheader("What goes with what?", anchor=False)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        pairs = scorers_table.criteria_pairs(names)
        show(compatibility_table(pairs, "criteria", "granularities", scorers_table.KINDS), "criteria", width=540)
    with right:
        pairs = scorers_table.allocation_pairs()
        show(compatibility_table(pairs, "granularities", "allocations", scorers_table.SHARED), "budgets", width=540)


def _model(setting: Setting) -> Setting:
    """The model on which costs and accuracies are shown."""
    with st.sidebar:
        model = choice("Model", "model", models, setting.model, tip("model"))
        st.caption(models[model].summary)
        st.caption("Costs and accuracies are those on this model; the formulas hold for all.")
    if model == setting.model:
        return setting
    seeds = models[model].seeds
    return setting.model_copy(update={"model": model, "layer": None, "data": None, "weights": seeds[0]})


def _known(setting: Setting, names: list[str]) -> bool:
    """The overview, which fills while costs are timed; returns whether they are."""
    costs, stored = scorers_costs.costs(setting, names), fares.stored(setting, names)
    table, label = fares.orderings(setting.model)
    model = models[setting.model].label
    st.dataframe(
        cards.overview(names, costs, table, stored, setting.level_words),
        hide_index=True,
        placeholder="",
        key="scorers_overview",
        column_config={
            "scorer": st.column_config.TextColumn(pinned=True),
            "seconds here": st.column_config.NumberColumn(format="%.3g s", help="To score the network once."),
            "accuracy": st.column_config.NumberColumn(f"on {model}", format="%.1f %%", help=tip("accuracy")),
        },
    )
    st.caption(label or f"Accuracies: test images, at {setting.level_words} sparsity, as far as stored.")
    return scorers_costs.cost_panel(setting)


def _listed(setting: Setting, names: list[str]) -> None:
    """The cards, by family; the session's own scorer is open."""
    costs, stored = scorers_costs.costs(setting, names), fares.stored(setting, names)
    label = fares.orderings(setting.model)[1]
    for family, group in scorers_table.by_family(names).items():
        st.subheader(family.capitalize(), anchor=False, help=tip(family) or None)
        for name in group:
            expanded = len(names) <= FEW or name == setting.scorer
            cards.card(name, setting, costs.get(name), label, stored.get(name), expanded)


if __name__ == "__main__":
    page()
