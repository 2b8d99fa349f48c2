"""The charts that a run's results give: accuracy curves, layers, sizes."""

from __future__ import annotations

from dataclasses import replace

from pruning.common.levels import LEVELS
from pruning.criteria.kinds import scorers
from pruning.results.charts.base import Chart
from pruning.results.charts.curves import curves
from pruning.results.charts.layer_bars import layer_bars
from pruning.results.charts.layer_map import layer_map
from pruning.results.charts.size_bars import size_bars
from pruning.results.curves import AXES, means_frame, points_frame
from pruning.results.frames import layers_at, profile_frame, size_frame
from pruning.results.report.evidence import Evidence, curve_of
from pruning.study.recipe import prunes

MOST_MAPS = 4


def figures(run: Evidence) -> list[Chart]:
    """The curves of each split, one map of the layers a curve, and the sizes of the last network."""
    splits = dict.fromkeys(one.split for one in run.accuracies)
    charts = [chart for split in splits if (chart := _curves(run, split)) is not None]
    charts += _layers(run)
    if sizes := run.values("size"):
        charts.append(size_bars(size_frame(sizes[-1][1])))
    return charts


def _curves(run: Evidence, split: str) -> Chart | None:
    """Accuracy against sparsity, where any curve has two levels or more."""
    found = [one for one in run.accuracies if one.split == split]
    if len({(one.curve, one.level) for one in found}) == len({one.curve for one in found}):
        return None
    seeds = {seed: place for place, seed in enumerate(run.seeds)}
    points = points_frame(
        {
            "curve": one.curve,
            "run": seeds[one.seed],
            "level": one.level,
            "origin": "stored",
            "value": one.value,
            AXES[0]: one.level / LEVELS,
        }
        for one in found
    )
    counts = points.groupby("curve")["run"].nunique().to_dict()
    dense = [one.value["dense_correct"] / one.value["count"] for one in found]
    controls = [curve for curve, step in run.prunes().items() if scorers[step.scorer].family == "control"]
    means = means_frame(points, {str(name): int(count) for name, count in counts.items()})
    shared = sum(dense) / len(dense) if dense else None
    return curves(points, means, dense=shared, chance=_chance(run), controls=controls, split=split)


def _chance(run: Evidence) -> float | None:
    """Accuracy of guessing among the classes of the only network."""
    from pruning.zoo.kinds import models

    found = {(cell.base.model, cell.base.task.classes) for cell in run.cells}
    if len(found) != 1:
        return None
    ((model, classes),) = found
    return 1 / models[model].classes if classes else None


def _layers(run: Evidence) -> list[Chart]:
    """How each curve shares its removal among layers, on its first seed: all levels, or bars at the only one."""
    charts: list[Chart] = []
    seen: set[str] = set()
    for cell, value in run.values("profile"):
        curve = curve_of(cell)
        if curve in seen or len(charts) == MOST_MAPS or not prunes(cell.recipe):
            continue
        seen.add(curve)
        levels = [one.level for one in run.cells if curve_of(one) == curve]
        level, frame = max(levels), profile_frame(value)
        if level > value.get("reached", LEVELS):
            continue
        chart = layer_map(frame, level) if len(set(levels)) > 1 else layer_bars(layers_at(frame, level), level)
        named = f"{curve}: {chart.title[:1].lower()}{chart.title[1:]}" if len(run.curves) > 1 else chart.title
        charts.append(replace(chart, title=named, name=f"{chart.name}-{len(charts) + 1}"))
    return charts
