"""Which layers give way: the map over all levels, the layers at this one, and a look inside one."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.choices.levels import unit_of
from pages.choices.setting import Setting
from pages.shared.answers import Answer, ask
from pages.shared.plain import plain
from pages.shared.show import show
from pages.shared.state import PREFIX, place, widget
from pruning.common.errors import BadValue
from pruning.common.levels import share_in_percent
from pruning.results.charts.channel_density import channel_density
from pruning.results.charts.layer_bars import layer_bars
from pruning.results.charts.layer_map import layer_map
from pruning.results.charts.mask_image import mask_image
from pruning.results.charts.weight_histogram import weight_histogram
from pruning.results.frames import bins_frame, density_frame, layers_at
from pruning.results.sentences import alone, collapse, unreached
from pruning.study.study import MeasureSpec


def layer_panel(
    setting: Setting, profile: pd.DataFrame, value: dict[str, Any], baseline: pd.DataFrame | None, old: Setting | None
) -> None:
    """Map and bars, with the slider's level as the cursor; what was asked, and what was left alone."""
    now = layers_at(profile, setting.sparsity)
    above = st.container()  # always there, so that nothing below changes its place when a warning comes or goes
    if warning := unreached(value, setting.sparsity) or collapse(now):
        above.warning(warning, icon=":material/warning:")
    _asked(setting, value)
    pinned = layers_at(baseline, old.sparsity) if baseline is not None and old is not None else None
    pinned = None if pinned is None or pinned.empty else pinned
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show(layer_map(profile, setting.sparsity, setting.axis, setting.layer, unit_of(setting)), "map", width=440)
    with right:
        if len(now):
            show(layer_bars(now, setting.sparsity, setting.layer, pinned), "bars", on_select=_clicked, width=400)


def _asked(setting: Setting, value: dict[str, Any]) -> None:
    """What the level removes in units and in weights, and which layers the granularity leaves alone."""
    if "groups" in value and not unreached(value, setting.sparsity):
        groups = value["groups"]
        gone, units = sum(g["removed"][setting.sparsity] for g in groups), sum(g["units"] for g in groups)
        weights, of = sum(row[setting.sparsity] for row in value["removed"]), sum(value["weights"])
        st.caption(
            f"Removed: {gone:,} of {units:,} {value['unit']} in {len(groups)} groups that go together, and with them "
            f"{weights:,} of {of:,} prunable weights ({share_in_percent(weights, of)})."
        )
    if left := alone(value):
        st.caption(plain(left))
    if skipped := value.get("skipped"):
        with st.popover(
            f"{len(skipped)} layer{'s are' if len(skipped) > 1 else ' is'} left alone",
            type="tertiary",
            icon=":material/info:",
        ):
            st.dataframe(
                pd.DataFrame({"layer": list(skipped), "why": list(skipped.values())}),
                hide_index=True,
                placeholder="–",
                key="skipped",
            )


def _clicked() -> None:
    """A click on a bar chooses the layer to look into."""
    points = st.session_state["bars"].selection.points
    if points:
        data = points[0].get("customdata")
        st.session_state[PREFIX + "layer"] = data[0] if isinstance(data, list | tuple) else points[0].get("y")


def layer_choice(setting: Setting, names: list[str]) -> str:
    """The layer to look into: from a click, the list or the link; else one from the middle of the network."""
    chosen = setting.layer if setting.layer in names else names[len(names) // 2]
    key = widget("layer", chosen)
    if st.session_state[key] not in names:
        st.session_state[key] = chosen
    return str(st.selectbox("Layer (or click a bar above)", names, place("layer", names), key=key))


def _look(setting: Setting, layer: str) -> Answer:
    return ask(setting.study(MeasureSpec(name="layer", options={"layer": layer})), "layer")


def busy_inside(setting: Setting, layer: str) -> bool:
    """Whether the look inside is on its way; asks for it."""
    return _look(setting, layer).pending


def inside(setting: Setting, layer: str) -> bool:
    """Mask, densities and weights of one layer; returns whether it is still under way."""
    answer = _look(setting, layer)
    if answer.error:
        st.info(plain(answer.error))
        return False
    if answer.value is not None and "mask" in answer.value:
        st.session_state["inside"] = answer.value
    value = st.session_state.get("inside")
    if value is None:
        st.caption("Looking inside …")
        return True
    dim = answer.pending
    left, middle, right = st.columns(3, gap="medium")
    magnitude = setting.scorer == "magnitude_l1"
    try:
        with left:
            chart = mask_image(value["mask"], value["layer"], tuple(value["shape"]), value["sampled"])
            show(chart, "mask", width=330, dim=dim)
        with middle:
            show(channel_density(density_frame(value), value["layer"]), "density", width=330, dim=dim)
        with right:
            chart = weight_histogram(bins_frame(value), value["layer"], value["threshold"], magnitude)
            show(chart, "weights", width=330, dim=dim)
    except BadValue as error:
        st.info(plain(str(error)))
    return answer.pending
