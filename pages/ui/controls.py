"""The controls of the Prune page, in the order in which pruning happens."""

from __future__ import annotations

import streamlit as st

from pages.ui.server import devices
from pages.ui.state import first, place, widget
from pruning import registry
from pruning.charts.words import tip
from pruning.frames import STOPS
from pruning.links import Setting


def controls(setting: Setting) -> Setting:
    """Draw all controls in the sidebar; returns what is chosen now."""
    with st.sidebar:
        level = _sparsity(setting)
        model = _choice("Model", "model", registry.models, setting.model, tip("model"))
        entry = registry.models[model]
        st.caption(entry.summary)
        seeds = entry.seeds
        weights = seeds[0]
        if len(seeds) > 1:
            start = setting.weights if model == setting.model and setting.weights in seeds else seeds[0]
            key = widget("weights", start)
            if st.session_state[key] not in seeds:
                st.session_state[key] = seeds[0]
            label, default = "Trained with seed", seeds[place("weights", seeds)]
            weights = st.segmented_control(label, seeds, default=default, key=key, required=True)
        scorer = _choice("Scorer", "scorer", registry.scorers, setting.scorer, tip("scorer"))
        explain(scorer)
        seed = 0
        if registry.scorers[scorer].draws:
            label = "Seed of the draw"
            key = widget("seed", setting.seed)
            seed = int(st.number_input(label, 0, 2**31 - 1, first("seed"), step=1, key=key))
        granularity = _choice(
            "Granularity", "granularity", registry.granularities, setting.granularity, tip("granularity")
        )
        allocation = _choice("Allocation", "allocation", registry.allocations, setting.allocation, tip("allocation"))
        st.caption(registry.allocations[allocation].summary)
        with st.expander("Data and device"):
            data = _data(setting, model)
            device = _device(setting)
    chosen = setting.model_copy(
        update={
            "model": model,
            "weights": weights,
            "data": data,
            "scorer": scorer,
            "seed": seed,
            "granularity": granularity,
            "allocation": allocation,
            "sparsity": level,
            "device": device,
        }
    )
    return chosen if model == setting.model else chosen.model_copy(update={"layer": None})


def _sparsity(setting: Setting) -> int:
    """The one obvious control: finer where networks give way; a level from a link joins the stops."""
    key = widget("sparsity", setting.sparsity)
    stops = sorted({*STOPS, st.session_state[key], first("sparsity")})
    level = st.select_slider(
        "Sparsity", stops, first("sparsity"), key=key, format_func=lambda stop: f"{stop / 10:g} %", help=tip("sparsity")
    )
    return int(level)


def _choice(label: str, field: str, entries: registry.Registry, value: str, help_: str) -> str:
    """A list of registered things, by their labels."""
    key, names = widget(field, value), entries.names()
    index = place(field, names)
    return str(st.selectbox(label, names, index, key=key, format_func=lambda name: entries[name].label, help=help_))


def _data(setting: Setting, model: str) -> str | None:
    """The data set; the model's own one is not written into links."""
    own = registry.models[model].data
    if own is None:
        st.caption("No data set here fits this model: maps, sizes and MACs work, accuracy does not.")
        return None
    key = widget("data", setting.data or own)
    if model != setting.model:
        st.session_state[key] = own
    names = registry.datasets.names()
    index = place("data", names)
    chosen = st.selectbox("Data", names, index, key=key, format_func=lambda name: registry.datasets[name].label)
    entry = registry.datasets[chosen]
    st.caption(f"{entry.summary} Training images for scoring and recalibration, test images for the accuracies.")
    return None if chosen == own else chosen


def _device(setting: Setting) -> str:
    """Devices that are really there; one from a link that is not there stays, and the page says what is missing."""
    found = devices()
    present = list(dict.fromkeys([*found, setting.device]))
    key = widget("device", setting.device)
    index = place("device", present)
    return str(st.selectbox("Device", present, index, key=key, format_func=lambda name: found.get(name, name.upper())))


def explain(name: str) -> None:
    """What the scorer is: formula, reference, cost, where it fails."""
    scorer = registry.scorers[name]
    with st.popover(f"What is {scorer.label}?", width="stretch"):
        st.markdown(f"**{scorer.label}.** {scorer.idea}")
        st.latex(scorer.formula)
        st.markdown("Higher = keep.")
        st.markdown(f"**Cost.** {scorer.cost}")
        st.markdown(f"**When it fails.** {scorer.fails}")
        st.caption(scorer.reference)
