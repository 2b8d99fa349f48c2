"""The controls of the Curves page: what all curves share, the list of curves, and one more."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.choices.curves import DRAWS, MOST, Curve, View
from pages.choices.setting import MethodChoice, Setting
from pages.curves.state import first, keep, publish
from pages.shared.method import method
from pages.shared.plain import plain
from pages.shared.server import devices
from pruning.common.errors import PruningError
from pruning.common.registry import Registry
from pruning.criteria.compatibility import refusal
from pruning.criteria.kinds import scorers
from pruning.results.charts.words import tip
from pruning.zoo.kinds import datasets, models

SUGGESTED = (
    Curve(scorer="random"),
    Curve(scorer="gradient_x_weight"),
    Curve(allocation="uniform"),
    Curve(recalibrate=True),
)
"""Offered with one click: the control, a criterion that looks at gradients, another allocation, a repair."""


def shared(view: View) -> View:
    """Model, seeds, images: what all curves have in common."""
    model = _choice("Model", "model", models, view.model, tip("model"))
    entry, seeds = models[model], models[model].seeds
    st.caption(entry.summary)
    trained = tuple(seed for seed in view.trained if seed in seeds) or seeds[:1]
    if len(seeds) > 1:
        name = f"trained_{model}"
        key = keep(name, list(trained))
        picked = st.pills("Weights trained with seed", seeds, selection_mode="multi", default=first(name), key=key)
        trained = tuple(sorted(picked)) or trained[:1]
    draws = view.draws
    if any(scorers[curve.scorer].draws for curve in view.curves):
        help_ = "How often criteria that draw (random, samples of images) are repeated with another seed."
        key = keep("draws", draws)
        draws = int(st.number_input("Draws", 1, DRAWS, first("draws"), key=key, help=help_))
    return view.model_copy(update={"model": model, "trained": trained, "draws": draws})


def images(view: View) -> View:
    """Which images, and which device computes."""
    with st.expander("Data and device"):
        own, data = models[view.model].data, None
        if own is not None:
            now = view.data if view.data and view.model == st.session_state["curves_view"].model else own
            picked = _choice("Data", f"data_{view.model}", datasets, now, "")
            data = None if picked == own else picked
        labels = {"test": "test images: report", "validation": "validation images: choose"}
        key = keep("split", view.split)
        split = st.radio(
            "Accuracy on", list(labels), list(labels).index(first("split")), key=key, format_func=labels.__getitem__
        )
        st.caption("Picking a scorer by these curves is a choice: do it on validation images, and report on test.")
        found, key = devices(), keep("device", view.device)
        present = list(dict.fromkeys([*found, first("device"), view.device]))
        device = st.selectbox(
            "Device",
            present,
            present.index(first("device")),
            key=key,
            format_func=lambda name: found.get(name, name.upper()),
        )
    return view.model_copy(update={"data": data, "split": split, "device": device})


def _choice(label: str, name: str, entries: Registry[Any], value: str, help_: str) -> str:
    """A list of registered things, by their labels."""
    key, names = keep(name, value), entries.names()
    index = names.index(first(name))
    return str(st.selectbox(label, names, index, key=key, help=help_, format_func=lambda one: entries[one].label))


def listed(view: View) -> None:
    """The curves, each with the way to take it off."""
    for place, curve in enumerate(view.curves):
        row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
        row.markdown(curve.label())
        if row.button("Remove", key=f"curve_remove_{place}", type="tertiary", icon=":material/close:"):
            publish(view.without(place))
            st.rerun()


def suggestions(view: View) -> None:
    """Curves that most comparisons want, one click each."""
    norm = bool(st.session_state.get("curves_norm"))
    offers = [curve for curve in SUGGESTED if curve not in view.curves and (norm or not curve.recalibrate)]
    if not offers or len(view.curves) >= MOST:
        return
    row = st.container(horizontal=True, vertical_alignment="center")
    row.caption("Add with one click:")
    for curve in offers:
        name = f"curve_add_{curve.scorer}_{curve.allocation}" + ("_recalibrated" if curve.recalibrate else "")
        if row.button(curve.label(), key=name, icon=":material/add:"):
            add(view, curve)


def builder(view: View) -> None:
    """Any method as one more curve."""
    st.subheader("Add a curve", anchor=False)
    setting = method(st.session_state.get("setting") or Setting(model=view.model))
    again = bool(st.session_state.get("curves_norm")) and st.toggle(
        "Recalibrate BatchNorm", key=keep("recalibrate", False), help=tip("BatchNorm recalibration")
    )
    curve = Curve(**{name: getattr(setting, name) for name in MethodChoice.model_fields}, recalibrate=again)
    options = (curve.scorer_options, curve.allocation_options)
    reason = refusal(curve.scorer, curve.granularity, curve.allocation, *options)
    full, there = len(view.curves) >= MOST, curve in view.curves
    why = reason or (f"{MOST} curves fit on one chart: remove one first." if full else "It is on the chart already.")
    bad = bool(reason) or full or there
    if st.button(
        "Add this curve",
        key="curve_add",
        type="primary",
        icon=":material/add:",
        width="stretch",
        disabled=bad,
        help=why if bad else None,
    ):
        add(view, curve)


def add(view: View, curve: Curve) -> None:
    """Put a curve on the chart, to be measured on all images."""
    try:
        curve.setting().prune  # noqa: B018
    except PruningError as error:
        st.warning(plain(str(error)), icon=":material/info:")
        return
    st.session_state.setdefault("curves_wanted", set()).add(curve.label())
    publish(view.with_curve(curve))
    st.rerun()
