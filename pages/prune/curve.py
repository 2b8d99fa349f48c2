"""What is known of the accuracy curve of the page Prune, and what is still lacking."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pages.choices.setting import Setting
from pages.shared.answers import TEST, Answer
from pages.shared.server import store
from pruning.common.limits import PAGE_TABLES
from pruning.common.memory import remembered
from pruning.results.frames import GRID, STOPS
from pruning.steps.prune import Prune
from pruning.study.study import Study

Points = list[tuple[int, str, dict[str, Any], str]]
"""Level, variant, value, origin of what is known."""


@remembered(PAGE_TABLES)
def _keys(words: str, recalibrate: bool) -> list[tuple[int, str]]:
    """Level and measure key of every stop of a setting's curve; hashing 110 specifications takes a while."""
    setting = Setting.model_validate_json(words)
    study = setting.curve(TEST, tuple(sorted({*GRID, *STOPS})), recalibrate=recalibrate)
    return [(cell.level, cell.measure_key(TEST)) for cell in study.cells()]


def curve_points(setting: Setting, variants: tuple[str, ...]) -> Points:
    """Everything known of a setting's accuracy curve: level, variant, value, origin."""
    words = setting.at_any_level().model_dump_json()
    points = []
    for variant in variants:
        keys = _keys(words, variant == "recalibrated")
        found = store().get([key for _, key in keys])
        points += [(level, variant, found[key].value, found[key].origin) for level, key in keys if key in found]
    return points


def dense_of(points: Points) -> float | None:
    """Accuracy of the dense network, as it was counted beside pruned ones: on the most images that any of them saw."""
    most = max((value for _, _, value, _ in points), key=lambda value: value["count"], default=None)
    return most["dense_correct"] / most["count"] if most else None


def dense_value(setting: Setting, now: Answer, points: Points | None = None) -> dict[str, Any] | None:
    """The value that has the dense network's accuracy on the most images: one number for the whole page, also while the
    pruned network was measured on the first images alone.

    Args:
        points: those of the curve, if they were looked up.
    """
    if now.complete:
        return now.value
    found = [value for _, _, value, _ in (curve_points(setting, ("pruned",)) if points is None else points)]
    if now.value:
        found.append(now.value)
    return max(found, key=lambda value: value["count"], default=None)


def missing(setting: Setting, points: Iterable[tuple[int, str, Any, str]], variants: tuple[str, ...]) -> list[Study]:
    """Studies of the grid levels that a curve still lacks, one per variant."""
    have = {(level, variant) for level, variant, _, _ in points}
    studies = []
    for variant in variants:
        levels = tuple(level for level in GRID if (level, variant) not in have)
        if levels:
            studies.append(setting.curve(TEST, levels, recalibrate=variant == "recalibrated"))
    return studies


def same_curve(setting: Setting, study: Study | None) -> bool:
    """Whether a study is about this setting, at whatever level."""
    if study is None or study.base != setting.base or not study.recipe or not isinstance(study.recipe[0], Prune):
        return False
    return study.recipe[0].criterion() == setting.prune.criterion()
