"""The page Prune in words: its headline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages.choices.setting import Setting, gone
from pruning.common.levels import share_in_percent
from pruning.results.sentences import reaches
from pruning.zoo.kinds import models


def headline(
    setting: Setting,
    value: Mapping[str, Any] | None,
    better: Mapping[str, Any] | None = None,
    profile: Mapping[str, Any] | None = None,
    dense: Mapping[str, Any] | None = None,
) -> str:
    """What pruning at this level costs: "ResNet-20 keeps 91.8 % with 80 % of its weights gone (dense 93.4 %)".

    Args:
        value: the accuracy value of the pruned network, if measured.
        better: that of the recalibrated network, named when it was measured too.
        profile: what was really removed, if known.
        dense: a value with the dense network's accuracy on the most images that it was measured on. Where that are
            more than those of ``value``, which is then a first estimate, the sentence says on how many this one is.
    """
    name, share = models[setting.model].label, gone(setting, profile)
    dense = value if dense is None else dense
    before = share_in_percent(dense["dense_correct"], dense["count"]) if dense else ""
    if setting.dense:
        return f"{name}, dense{f': {before}' if before else ''}. Move the slider to prune it."
    if value is None:
        return f"{name} with {share} gone"
    text = f"{name} {reaches(value, models[setting.model].classes)} with {share} gone (dense {before})"
    if dense and dense["count"] > value["count"]:
        text += f", measured on {value['count']:,} of {dense['count']:,} images"
    if better and better["count"] == value["count"]:
        text += f"; {share_in_percent(better['correct'], better['count'])} after BatchNorm recalibration"
    return text
