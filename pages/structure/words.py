"""The page Structure in words: its first view, what can be removed, its finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages.choices.setting import Setting
from pruning.common.levels import share_in_percent
from pruning.criteria.kinds import granularities
from pruning.results.sentences import reaches
from pruning.results.speed import factor, speed_up
from pruning.results.structure import theory, times
from pruning.zoo.kinds import models

FIRST = Setting(
    model="resnet_20",
    granularity="channel",
    allocation="uniform",
    allocation_options={"multiple": "auto"},
).at(500)
"""The first view of the page Structure: half the channels of every layer, rounded. Its results come with the program,
but for the times, which are this machine's."""


REMOVABLE = ("channel", "head", "layer_block")
"""Granularities whose units can be taken out for good."""


MULTIPLES: tuple[int | str, ...] = ("auto", 1, 4, 8, 16)
"""Channel counts are rounded to multiples of these: odd counts are slow. Auto goes by the width of each layer."""


def finding(
    setting: Setting,
    structure: Mapping[str, Any] | None,
    latency: Mapping[str, Any] | None,
    accuracy: Mapping[str, Any] | None = None,
) -> str:
    """The page's finding, with its price first: "ResNet-20 without 50 % of its channels drops to 9.0 %, no better than
    chance (dense 93.0 %, not trained again): 4.0 times fewer parameters, 2.2 times faster at 64 images a pass (in
    theory 4.0)". A difference of times that is within their spread is called none."""
    if setting.dense:
        return f"{models[setting.model].label}, dense. Move the slider to take parts of it out."
    name, unit = models[setting.model].label, granularities[setting.granularity].unit
    text = f"{name} without {setting.level_words} of its {unit}"
    if structure is None:
        return text
    if accuracy is not None and "correct" in accuracy:
        dense = share_in_percent(accuracy["dense_correct"], accuracy["count"])
        text += f" {reaches(accuracy, models[setting.model].classes)} (dense {dense}, not trained again)"
    parameters = structure["parameters"]
    text += f": {times(parameters['dense'] / max(parameters['small'], 1))} fewer parameters"
    if latency is None or not latency["rows"]:
        return text
    batch = max(row["batch"] for row in latency["rows"])
    where = f"at {batch} image{'s' if batch > 1 else ''} a pass"
    return f"{text}, {speed_up(latency['rows'], batch).words()} {where} (in theory {factor(theory(latency['macs']))})"
