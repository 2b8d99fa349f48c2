"""The controls of the Prune page, in the order in which pruning happens."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.choices.setting import Setting
from pages.shared.method import choice, method
from pages.shared.server import devices
from pages.shared.state import PREFIX, first, place, widget
from pruning.common.levels import LEVELS
from pruning.criteria.kinds import granularities
from pruning.results.charts.words import tip
from pruning.results.frames import STOPS
from pruning.zoo.kinds import datasets, models

SLIDER = PREFIX + "sparsity"
"""The key of the slider, whose levels lie in the session state under "stops"."""


def controls(setting: Setting, units: Sequence[str] = (), left_out: tuple[str, ...] = ()) -> Setting:
    """Draw all controls in the sidebar; returns what is chosen now.

    Args:
        units: granularities that the page is about; empty: all.
        left_out: options of allocations that the page asks for elsewhere.
    """
    with st.sidebar:
        level = _sparsity(setting)
        model = choice("Model", "model", models, setting.model, tip("model"))
        entry = models[model]
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
        pruned = method(
            setting if model == setting.model else setting.model_copy(update={"layer": None}), units, left_out
        )
        with st.expander("Data and device"):
            data = _data(setting, model)
            device = _device(setting)
    chosen = pruned.model_copy(
        update={"model": model, "weights": weights, "data": data, "sparsity": level, "device": device}
    )
    return chosen if model == setting.model else chosen.model_copy(update={"layer": None})


def _sparsity(setting: Setting) -> int:
    """The one obvious control: finer where networks give way; a level from a link joins the stops, and a pattern
    that only some levels meet (2:4) offers these alone."""
    key = widget("sparsity", setting.sparsity)
    unit = st.session_state.get(PREFIX + "granularity", setting.granularity)
    kept = setting.granularity_options if unit == setting.granularity else {}
    names = granularities[unit].model_fields
    keys = {name: f"{PREFIX}granularity_options.{unit}.{name}" for name in names}
    now = {name: st.session_state.get(key, kept.get(name)) for name, key in keys.items()}
    entry = granularities[unit](**{name: value for name, value in now.items() if value is not None})
    if (pattern := entry.stops()) is not None:
        stops = [stop for stop in pattern if stop < LEVELS]
        if st.session_state[key] not in stops:
            st.session_state[key] = min(stops, key=lambda stop: abs(stop - st.session_state[key]))
        start = first("sparsity") if first("sparsity") in stops else st.session_state[key]
    else:
        stops, start = sorted({*STOPS, st.session_state[key], first("sparsity")}), first("sparsity")
    st.session_state["stops"] = tuple(stops)
    level = st.select_slider("Sparsity", stops, start, key=key, format_func=entry.said, help=tip("sparsity"))
    return int(level)


def _data(setting: Setting, model: str) -> str | None:
    """The data set; the model's own one is not written into links."""
    own = models[model].data
    if own is None:
        st.caption("No data set here fits this model: maps, sizes and MACs work, accuracy does not.")
        return None
    key = widget("data", setting.data or own)
    if model != setting.model:
        st.session_state[key] = own
    names = datasets.names()
    index = place("data", names)
    chosen = st.selectbox("Data", names, index, key=key, format_func=lambda name: datasets[name].label)
    entry = datasets[chosen]
    st.caption(f"{entry.summary} Training images for scoring and recalibration, test images for the accuracies.")
    return None if chosen == own else chosen


def _device(setting: Setting) -> str:
    """Devices that are really there; one from a link that is not there stays, and the page says what is missing."""
    found = devices()
    present = list(dict.fromkeys([*found, setting.device]))
    key = widget("device", setting.device)
    index = place("device", present)
    return str(st.selectbox("Device", present, index, key=key, format_func=lambda name: found.get(name, name.upper())))
