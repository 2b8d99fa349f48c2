"""The page Prune in words: its headline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages.choices.setting import Setting, gone
from pruning.common.levels import share_in_percent
from pruning.zoo.kinds import models


def headline(
    setting: Setting,
    value: Mapping[str, Any] | None,
    better: Mapping[str, Any] | None = None,
    profile: Mapping[str, Any] | None = None,
) -> str:
    """What pruning at this level costs: "ResNet-20 keeps 91.8 % with 80 % of its weights gone (dense 93.4 %)".

    Args:
        value: the accuracy value of the pruned network, if measured.
        better: that of the recalibrated network, named when it was measured too.
        profile: what was really removed, if known.
    """
    name, share = models[setting.model].label, gone(setting, profile)
    if setting.dense:
        dense = f": {share_in_percent(value['dense_correct'], value['count'])}" if value else ""
        return f"{name}, dense{dense}. Move the slider to prune it."
    if value is None:
        return f"{name} with {share} gone"
    kept = share_in_percent(value["correct"], value["count"])
    dense = share_in_percent(value["dense_correct"], value["count"])
    text = f"{name} keeps {kept} accuracy with {share} gone (dense {dense})"
    if better and better["count"] == value["count"]:
        text += f"; {share_in_percent(better['correct'], better['count'])} after BatchNorm recalibration"
    return text
