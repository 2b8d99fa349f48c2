"""What a setting's level is a share of."""

from __future__ import annotations

from pages.choices.setting import DEFAULT, Setting
from pruning.criteria.kinds import granularities
from pruning.results.charts.axes import UNIT

TARGETS = {"parameters": "weights", "macs": "MACs"}
"""Where a level is a share of something else than units."""


def unit_of(setting: Setting) -> str:
    """What the level is a share of, for an axis: "prunable weights" only where exactly so many of those go.

    >>> unit_of(Setting()), unit_of(Setting(granularity="channel"))
    ('prunable weights', 'channels')
    """
    target = setting.allocation_options.get("target", "units")
    if target != "units":
        return TARGETS[target]
    return UNIT if setting.granularity == DEFAULT.granularity else granularities[setting.granularity].unit
