"""Widgets for the options of a registered thing, made from its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared.state import PREFIX
from pruning.common.levels import to_percent
from pruning.common.options import option_list
from pruning.common.registry import Entry, Registry, registries

NAMES = {
    "cap": "Most a layer loses (‰)",
    "floor": "Least a layer loses (‰)",
    "ends": "First and last layer",
    "multiple": "Channels in multiples of",
    "target": "Sparsity is a share of",
    "of": "Of the criterion",
    "samples": "Training images",
    "m": "M (group size)",
    "rows": "Rows",
    "columns": "Columns",
}
"""Labels of options that several things share; others are called as they are."""


def options(
    field: str, entry: type[Entry], values: Mapping[str, Any], layers: list[str], leave_out: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Draw a widget for each option; returns those that differ from their default.

    Args:
        field: of the setting ("scorer_options").
        values: what is chosen now.
        layers: names of the network's layers, for options that hold a number for each.
        leave_out: options that have no meaning here.
    """
    chosen = {}
    for option in option_list(entry):
        name, default = option["name"], option["default"]
        if name in leave_out:
            continue
        now = values.get(name, default)
        value = _widget(f"{PREFIX}{field}.{entry.name}.{name}", option, now, layers)
        if value != default:
            chosen[name] = value
    return chosen


def _widget(key: str, option: dict[str, Any], now: Any, layers: list[str]) -> Any:
    """The widget of one option: a number, a choice, a tick, a table of layers."""
    label, help_ = NAMES.get(option["name"], option["name"].replace("_", " ").capitalize()), option["help"]
    choices = option["choices"]
    if option["registry"]:
        entries: Registry[Any] = registries[option["registry"]]
        choices = [name for name in entries.names() if name == now or _plain(entries[name])]
        return st.selectbox(
            label, choices, choices.index(now), key=key, help=help_, format_func=lambda name: entries[name].label
        )
    if choices:
        return st.selectbox(label, choices, choices.index(now), key=key, help=help_)
    if option["type"] == "boolean":
        return st.toggle(label, bool(now), key=key, help=help_)
    if option["type"] in ("integer", "number"):
        kind: Any = int if option["type"] == "integer" else float
        low, high = (None if bound is None else kind(bound) for bound in (option["minimum"], option["maximum"]))
        step = 1 if kind is int else None
        return kind(st.number_input(label, low, high, kind(now), step=step, key=key, help=help_))
    if option["type"] == "object":
        return _per_layer(key, label, help_, dict(now or {}), layers)
    return st.text_input(label, str(now), key=key, help=help_)


def _plain(entry: type[Entry]) -> bool:
    """Whether a criterion may stand inside another: one that wraps none itself."""
    return all(option["registry"] is None for option in option_list(entry)) and hasattr(entry, "gives")


def _per_layer(key: str, label: str, help_: str, now: dict[str, int], layers: list[str]) -> dict[str, int]:
    """A small table with a share for each layer, in percent on the screen and per mille in the setting."""
    st.caption(f"{label}. {help_}")
    names = layers or list(now)
    if not names:
        st.caption("The layers are listed here once the model is loaded.")
        return now
    shares = [to_percent(now[name]) if name in now else None for name in names]
    table = pd.DataFrame({"layer": names, "removed": pd.Series(shares, dtype="float64")})
    edited = st.data_editor(
        table,
        key=key,
        hide_index=True,
        disabled=["layer"],
        height=min(38 + 35 * len(names), 320),
        column_config={"removed": st.column_config.NumberColumn("removed (%)", min_value=0.0, max_value=100.0)},
    )
    given = edited.dropna(subset=["removed"])
    return {str(row["layer"]): round(10 * float(row["removed"])) for row in given.to_dict("records")}
