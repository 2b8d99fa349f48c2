"""The controls of the Prune page, in the order in which pruning happens."""

from __future__ import annotations

import streamlit as st

from pages.ui.server import devices
from pages.ui.state import widget
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
            weights = st.segmented_control("Trained with seed", seeds, key=key, required=True)
        scorer = _choice("Scorer", "scorer", registry.scorers, setting.scorer, tip("scorer"))
        explain(scorer)
        seed = 0
        if registry.scorers[scorer].draws:
            label = "Seed of the draw"
            seed = int(st.number_input(label, 0, 2**31 - 1, step=1, key=widget("seed", setting.seed)))
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
    stops = sorted({*STOPS, st.session_state[key]})
    level = st.select_slider(
        "Sparsity", stops, key=key, format_func=lambda stop: f"{stop / 10:g} %", help=tip("sparsity")
    )
    return int(level)


def _choice(label: str, field: str, entries: registry.Registry, value: str, help_: str) -> str:
    """A list of registered things, by their labels."""
    return str(
        st.selectbox(
            label, entries.names(), key=widget(field, value), format_func=lambda name: entries[name].label, help=help_
        )
    )


def _data(setting: Setting, model: str) -> str | None:
    """The data set; the model's own one is not written into links."""
    own = registry.models[model].data
    key = widget("data", setting.data or own)
    if model != setting.model:
        st.session_state[key] = own
    chosen = st.selectbox(
        "Data", registry.datasets.names(), key=key, format_func=lambda name: registry.datasets[name].label
    )
    entry = registry.datasets[chosen]
    st.caption(f"{entry.summary} Training images for scoring and recalibration, test images for the accuracies.")
    return None if chosen == own else chosen


def _device(setting: Setting) -> str:
    """Devices that are really there; one from a link that is not there stays, and the page says what is missing."""
    found = devices()
    present = list(dict.fromkeys([*found, setting.device]))
    key = widget("device", setting.device)
    return str(st.selectbox("Device", present, key=key, format_func=lambda name: found.get(name, name.upper())))


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
