"""The controls of a pruning method: scorer, granularity and allocation, each with its options."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from pages.choices.setting import Setting
from pages.shared.menu import menu
from pages.shared.options import options
from pages.shared.state import PREFIX, first, place, widget
from pruning.common.registry import Entry, Registry
from pruning.common.spec import Options
from pruning.criteria.compatibility import allocations_for, granularities_for, reduces
from pruning.criteria.kinds import Solver, allocations, granularities
from pruning.criteria.kinds import scorers as scorer_registry
from pruning.results.charts.words import tip

REDUCTIONS = {
    "mean": "mean of its weights' scores",
    "sum": "sum of its weights' scores",
    "l2": "Euclidean norm of its weights' scores",
    "max": "largest of its weights' scores",
}


def method(setting: Setting, units: Sequence[str] = (), left_out: tuple[str, ...] = ()) -> Setting:
    """Scorer, granularity and allocation with their options; each list offers only what goes with the choices above.

    Args:
        units: granularities that the page is about; empty: all.
        left_out: options of allocations that the page asks for elsewhere; they stay as they are.
    """
    scorers = [name for name in scorer_registry.names() if not units or set(granularities_for(name)) & set(units)]
    scorer = choice("Scorer", "scorer", scorer_registry, setting.scorer, tip("scorer"), scorers)
    explain(scorer)
    layers = st.session_state.get("layer_names", {}).get(setting.model, [])
    kept = setting.scorer_options if scorer == setting.scorer else {}
    scorer_options = _options("Scorer options", "scorer_options", scorer_registry[scorer], kept, layers)
    seed = 0
    if scorer_registry[scorer].draws:
        key = widget("seed", setting.seed)
        seed = int(st.number_input("Seed of the draw", 0, 2**31 - 1, first("seed"), step=1, key=key))
    fitting = [name for name in granularities_for(scorer, scorer_options) if not units or name in units]
    granularity = choice("Granularity", "granularity", granularities, setting.granularity, tip("granularity"), fitting)
    st.caption(granularities[granularity].summary)
    kept = setting.granularity_options if granularity == setting.granularity else {}
    entry = granularities[granularity]
    granularity_options = _options("Granularity options", "granularity_options", entry, kept, layers)
    reduction = setting.reduction
    if reduces(scorer, granularity, scorer_options):
        names = ("mean", "sum", "l2", "max")
        key, index = widget("reduction", setting.reduction), place("reduction", names)
        reduction = st.selectbox("A unit's score is the", names, index, key=key, format_func=REDUCTIONS.__getitem__)
    shared = allocations_for(scorer, granularity)
    allocation = choice("Allocation", "allocation", allocations, setting.allocation, tip("allocation"), shared)
    st.caption(allocations[allocation].summary)
    kept = setting.allocation_options if allocation == setting.allocation else {}
    solver = issubclass(scorer_registry[scorer], Solver)
    channels = granularities[granularity].takes == "channels"
    hidden = (() if channels else ("multiple",)) + (("target",) if solver else ()) + left_out
    entry = allocations[allocation]
    allocation_options = _options("Allocation options", "allocation_options", entry, kept, layers, hidden)
    return setting.model_copy(
        update={
            "scorer": scorer,
            "scorer_options": scorer_options,
            "seed": seed,
            "granularity": granularity,
            "granularity_options": granularity_options,
            "reduction": reduction,
            "allocation": allocation,
            "allocation_options": allocation_options,
        }
    )


def _options(
    label: str, field: str, entry: type[Entry], values: Options, layers: list[str], hidden: tuple[str, ...] = ()
) -> Options:
    """The options of one choice, folded away unless some are set."""
    if not set(entry.model_fields) - set(hidden):
        return {}
    with st.expander(label, expanded=bool(set(values) - set(hidden)), key=f"{PREFIX}{field}.fold"):
        return options(field, entry, values, layers, hidden)


def choice(
    label: str, field: str, entries: Registry[Any], value: str, help_: str, names: list[str] | None = None
) -> str:
    """A list of registered things, by their labels; ``names``: those that can be chosen here, of all."""
    key, names = widget(field, value), list(names or entries.names())
    if st.session_state[key] not in names and ":" in str(st.session_state[key]) and st.session_state[key] in entries:
        names.append(st.session_state[key])  # a library's network, which no list holds
    if st.session_state[key] not in names:
        st.session_state[key] = names[0]
    index = place(field, names)
    for sentence in entries.broken:
        st.caption(f":material/warning: `{sentence.replace('`', '')}`")
    return str(st.selectbox(label, names, index, key=key, format_func=lambda name: entries[name].label, help=help_))


def explain(name: str) -> None:
    """A menu with what the scorer is."""
    menu(f"What is {scorer_registry[name].label}?", partial(explained, name), "explain", width="stretch")


def explained(name: str) -> None:
    """What the scorer is: formula, reference, cost, where it fails."""
    scorer = scorer_registry[name]
    st.markdown(f"**{scorer.label}.** {scorer.idea}")
    st.latex(scorer.formula)
    st.markdown("Higher = keep.")
    st.markdown(f"**Cost.** {scorer.cost}")
    st.markdown(f"**When it fails.** {scorer.fails}")
    st.caption(scorer.reference)
