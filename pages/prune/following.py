"""What follows the slider of the page Prune while it is dragged: headline, numbers, cursors, bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.choices.setting import Setting
from pages.prune.accuracy import NOW, PRUNED, RECALIBRATED
from pages.prune.curve import curve_points, dense_of
from pages.prune.words import headline
from pages.shared.controls import SLIDER
from pages.shared.follow import Follow, follow
from pages.shared.profile import LayerProfile
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import Recent
from pruning.results.charts import accuracy_curve, layer_bars, layer_map
from pruning.results.frames import curve_frame
from pruning.results.sentences import difference, interval

FINDING = "finding"
"""The key of where the headline stands."""
VALUE, CHANGE = '[data-testid="stMetricValue"]', '[data-testid="stMetricDelta"]'

_made: Recent[dict[str, Any]] = Recent(PAGE_TABLES, "what follows a slider")


def following(setting: Setting, profile: LayerProfile) -> None:
    """Send it, once for all levels of a setting and again when more of them were measured."""
    variants = ("pruned", "recalibrated") if profile.norm else ("pruned",)
    points = curve_points(setting, variants)
    stops = st.session_state["stops"]
    words = setting.at_any_level().model_dump_json()
    key = f"{words} {stops} {[(level, variant, value['count']) for level, variant, value, _ in points]}"
    follow(SLIDER, _made.get_or_make(key, lambda: _what(setting, profile, stops, points)))


def _what(
    setting: Setting,
    profile: LayerProfile,
    stops: tuple[int, ...],
    points: list[tuple[int, str, dict[str, Any], str]],
) -> dict[str, Any]:
    assert profile.table is not None
    found = Follow(stops)
    known: dict[str, dict[int, Mapping[str, Any]]] = {"pruned": {}, "recalibrated": {}}
    for level, variant, value, _ in points:
        known[variant][level] = value
    plain, again = known["pruned"], known["recalibrated"]
    found.texts[f".st-key-{FINDING} h2"] = [
        headline(setting.at(stop), plain.get(stop), again.get(stop), profile.value) for stop in stops
    ]
    for name, values in ((PRUNED, plain), (RECALIBRATED, again)):
        at = [values.get(stop) for stop in stops]
        found.texts[f".st-key-{NOW[name]} {VALUE}"] = [interval(value) if value else None for value in at]
        found.texts[f".st-key-{NOW[name]} {CHANGE}"] = [difference(value) if value else "" for value in at]
    curve = accuracy_curve.titles(curve_frame(points), stops, dense_of(points))
    found.chart("curve", setting.axis, curve, 440)
    found.chart("map", setting.axis, layer_map.titles(profile.table, stops), 440)
    titles, bars = layer_bars.bars_at(profile.table, stops)
    found.chart("bars", None, titles, 400, bars)
    return {"charts": found.charts, "texts": found.texts}
