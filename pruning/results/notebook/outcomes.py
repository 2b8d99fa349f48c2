"""Studies of a wrapped network, run in this process, and what they found as table and picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pruning.common.errors import Incompatible
from pruning.common.levels import in_percent
from pruning.criteria.kinds import granularities, scorers
from pruning.results.charts.curves import curves
from pruning.results.charts.layer_bars import layer_bars
from pruning.results.charts.sensitivity_map import sensitivity_map
from pruning.results.charts.tradeoff import tradeoff
from pruning.results.charts.training_curves import training_curves
from pruning.results.curves import AXES, left_at, means_frame, points_frame
from pruning.results.frames import layers_at, profile_frame, scan_frame
from pruning.results.notebook.outcome import Outcome
from pruning.results.table import Results, table
from pruning.results.tradeoffs import Result, frame
from pruning.results.training import curves_frame
from pruning.steps.prune import Prune
from pruning.steps.train import Train
from pruning.study.methods.approaches import Approach
from pruning.study.recipe import Recipe, level_of
from pruning.study.study import MeasureSpec, Network, Study
from pruning.training.options import budget
from pruning.zoo.base import Base

if TYPE_CHECKING:
    from pruning.results.charts.base import Chart

ACCURACY, PROFILE, TRACE = (MeasureSpec(name=name) for name in ("accuracy", "profile", "trace"))
VERDICTS = tuple(MeasureSpec(name="verdicts", options={"split": split}) for split in ("test", "validation"))
SIZES = MeasureSpec(name="footprint", options={"zstd_level": 3})


def results(study: Study) -> Results:
    """All results of a study, computed in this process."""
    from pruning.study.run import run

    return Results(run(study), study)


def curve(
    base: Base, before: Recipe, steps: Mapping[str, Prune], levels: tuple[int, ...], notes: tuple[str, ...]
) -> Outcome:
    """Test accuracy against sparsity, one curve a criterion.

    Args:
        before: steps that come first.
        steps: a pruning step for each curve, by its criterion's name.
        levels: per mille.
    """
    _need_classes(base)
    cells = [(name, level) for name in steps for level in levels]
    networks = tuple(Network(base=base, recipe=(*before, steps[name].at(level))) for name, level in cells)
    study = Study(networks=networks, measures=(PROFILE, ACCURACY))
    rows = results(study)
    points = [
        {
            "curve": scorers[name].label,
            "run": 0,
            "level": level,
            "value": accuracy["value"],
            "origin": accuracy["origin"],
        }
        | left_at(profile["value"], level)
        for (name, level), profile, accuracy in zip(cells, rows[::2], rows[1::2], strict=True)
        if level <= profile["value"].get("reached", level)
    ]
    found = points_frame(points)
    means = means_frame(found, dict.fromkeys(found["curve"].unique(), 1))
    dense = rows[1]["value"]["dense_correct"] / rows[1]["value"]["count"]
    known = [scorers[name].label for name in steps if scorers[name].family == "control"]
    chart = curves(found, means, dense=dense, chance=1 / _classes(base), controls=known)
    lines = found.assign(dense_accuracy=dense).rename(
        columns={"curve": "scorer", "low": "accuracy_low", "high": "accuracy_high", "count": "images"}
    )
    columns = ["scorer", AXES[0], "accuracy", "accuracy_low", "accuracy_high", "dense_accuracy", "images"]
    return Outcome(chart, lines[columns], study, (*_on(base, rows[1]["value"]["count"]), *notes))


def layers(base: Base, recipe: Recipe, level: int, notes: tuple[str, ...]) -> Outcome:
    """The layers after the last pruning step of a recipe."""
    study = Study(base=base, recipe=recipe, measures=(PROFILE,))
    value = results(study)[0]["value"]
    found = layers_at(profile_frame(value), level)
    lines = found.assign(shape=value["shapes"], share_removed=found["removed"] / found["weights"])
    alone = [
        f"{part['name']} ({part['kind']}) is left alone: {part['parameters']:,} of {value['parameters']:,} parameters."
        for part in value.get("left_alone", ())
    ]
    columns = ["layer", "shape", "weights", "removed", "share_removed"]
    return Outcome(layer_bars(found, level), lines[columns], study, (*alone, *notes))


def sensitivity(base: Base, recipe: Recipe, count: int, notes: tuple[str, ...]) -> Outcome:
    """The scan of the criterion with which a recipe ends."""
    _need_classes(base)
    study = Study(base=base, recipe=recipe, measures=(MeasureSpec(name="sensitivity", options={"count": count}),))
    value = results(study)[0]["value"]
    found = scan_frame(value)
    dense = value["dense_correct"] / value["count"]
    chart = sensitivity_map(found, dense, value["count"], value["split"])
    lines = found.assign(share=found["share"] / 1000, dense_accuracy=dense)
    said = (f"Measured on {value['count']:,} {value['split']} examples.",)
    return Outcome(chart, lines.drop(columns="order"), study, (*said, *notes))


def compare(base: Base, recipes: tuple[Recipe, ...], notes: tuple[str, ...]) -> Outcome:
    """Networks beside the dense one: accuracy, and what a file of each needs."""
    _need_classes(base)
    recipes = tuple(dict.fromkeys(((), *recipes)))
    networks = tuple(Network(base=base, recipe=recipe) for recipe in recipes)
    study = Study(networks=networks, measures=(*VERDICTS, SIZES))
    rows = iter(results(study))
    found = {}
    for number, recipe in enumerate(recipes):
        name = "dense" if not recipe else str(number)
        approach = Approach(name, _called(recipe), _family(recipe), recipe)
        found[name] = Result(approach, *(next(rows)["value"] for _ in (*VERDICTS, SIZES)))
    made = frame(found)
    columns = [
        "label",
        "accuracy",
        "low",
        "high",
        "count",
        "gap",
        "bytes",
        "dense_bytes",
        "macs",
        "parameters",
        "steps",
    ]
    lines = made[columns].rename(
        columns={"label": "network", "low": "accuracy_low", "high": "accuracy_high", "count": "images"}
    )
    return Outcome(tradeoff(made), lines, study, notes)


def state(base: Base, recipe: Recipe, notes: tuple[str, ...]) -> Outcome:
    """What is to be known of the network at the end of a recipe."""
    last = recipe[-1] if recipe else None
    ranked = isinstance(last, Prune)
    quality = ACCURACY if base.task.classes else MeasureSpec(name="quality")
    measures = (*((PROFILE,) if ranked else ()), *((TRACE,) if isinstance(last, Train) else ()), quality)
    study = Study(base=base, recipe=recipe, measures=measures)
    rows = results(study)
    lines = table(rows)
    if ranked or not recipe or not base.task.classes:
        chart = layers(base, recipe if level_of(recipe) else (*recipe, Prune().at(0)), level_of(recipe), ()).chart
    elif isinstance(last, Train):
        chart = _training(rows[0]["value"], budget(recipe))
    else:
        chart = compare(base, (recipe,), ()).chart
    return Outcome(chart, lines, study, (*_on(base, rows[-1]["value"]["count"]), *notes))


def _training(value: Mapping[str, Any], steps: int) -> Chart:
    """The curves of a training from the trace of its looks."""
    return training_curves(curves_frame("training", value["rows"], value["weights"]), steps=steps)


def _called(recipe: Recipe) -> str:
    """A recipe in a few words: "Wanda 80 %, trained 50 steps"."""
    said = {
        "prune": lambda step: f"{scorers[step.scorer].label} {in_percent(level_of((step,)))}{_of(step)}",
        "train": lambda step: f"trained {step.steps:,} steps",
        "quantize": lambda step: step.kept_as if step.kept_as != "integer" else f"{step.bits} bits",
        "remove": lambda step: "removed",
    }
    return ", ".join(said.get(step.kind, lambda step: step.label.lower())(step) for step in recipe) or "Dense"


def _of(step: Prune) -> str:
    return "" if step.granularity == "weight" else f" of the {granularities[step.granularity].unit}"


def _family(recipe: Recipe) -> str:
    """The family of ``FAMILIES`` that a recipe belongs to."""
    kinds = {step.kind for step in recipe} - {"train", "rewind", "recalibrate", "shuffle"}
    if not kinds:
        return "dense"
    if kinds == {"quantize"}:
        return "quantized"
    if kinds == {"prune"}:
        return "weights"
    return "channels" if kinds == {"prune", "remove"} else "student" if kinds == {"student"} else "combined"


def _on(base: Base, count: int) -> tuple[str, ...]:
    return (f"Measured on {count:,} test {base.task.unit}, on {base.device}.",)


def _classes(base: Base) -> int:
    from pruning.zoo.kinds import models

    return models[base.model].classes


def _need_classes(base: Base) -> None:
    if not base.task.classes:
        raise Incompatible(
            f"This picture counts right answers, and there are none in a {base.task.label.lower()}: ask for the table "
            "of one network after the other (net.prune(…).table)."
        )
