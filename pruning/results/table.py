"""Results as the one table that the command line prints and a notebook gets: a line for each cell of a study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pruning.common.errors import BadValue
from pruning.common.levels import LEVELS
from pruning.results.intervals import wilson
from pruning.study.recipe import level_axis, prunes
from pruning.study.study import Cell, MeasureSpec, Study

if TYPE_CHECKING:
    import pandas as pd

SHORT = ("sparsity", "accuracy", "dense_accuracy", "share_removed", "images")
"""Columns that people look for, the first ones before all others: as many as fit a terminal's 80 letters."""
ORDER = (
    "sparsity",
    "weights_removed",
    "prunable_weights",
    "share_removed",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "dense_accuracy",
    "lost",
    "gained",
    "images",
    "split",
    "device",
    "seconds",
    "origin",
)
"""Columns in their order, as far as they were measured; other axes come before them, other numbers after."""

PERCENT = dict.fromkeys(("share_removed", "accuracy", "accuracy_low", "accuracy_high", "dense_accuracy"), "{:.2f} %")
PERCENT["sparsity"] = "{:g} %"
"""Columns that are shares (0..1), and how each is written in per cent: what was asked for as it was asked."""


class Results(list[dict[str, Any]]):
    """The rows of a study, and the study."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], study: Study) -> None:
        super().__init__(dict(row) for row in rows)
        self.study = study


def table(rows: Iterable[Mapping[str, Any]], study: Study | None = None) -> pd.DataFrame:
    """The results of ``pruning.run(study)``: one line for each cell and each measure of accuracy in it.

    Columns: the study's axes other than sparsity; the ``sparsity`` that the last pruning step was to reach,
    ``weights_removed`` of ``prunable_weights`` by its mask and those before it, and ``share_removed``; ``accuracy``
    with its 95 % Wilson interval, and ``dense_accuracy`` on the same images (all shares 0..1); images ``lost`` (right
    only before) and ``gained``; how many ``images`` of which ``split``; ``device``; ``seconds`` that the measure took
    when it was computed, and ``origin`` (computed, stored or bundled). Numbers of other measures follow under their own
    names. What was not measured has no column.

    Args:
        rows: what ``run`` returned, all of it.
        study: what was run; not needed for ``Results``.

    Raises:
        BadValue: rows that do not say which study they answer, or too few or too many of them.
    """
    import pandas as pd

    study = study or getattr(rows, "study", None)
    if study is None:
        raise BadValue("These rows do not say which study they answer: give it as second argument.")
    rows = list(rows)
    if len(rows) != (expected := len(study.cells()) * len(study.measures)):
        raise BadValue(f"This study has {expected} results, and {len(rows)} were given.")
    given = iter(rows)
    lines = [line for cell in study.cells() for line in _lines(cell, study.measures, given)]
    names = dict.fromkeys(name for line in lines for name in line)
    axes = [name for name in names if "axis " in name]
    first = [*axes, *(name for name in ORDER if name in names)]
    frame = pd.DataFrame(lines, columns=[*first, *(name for name in names if name not in first)])
    return frame.rename(columns={name: name.removeprefix("axis ") for name in axes})


def _lines(cell: Cell, measures: tuple[MeasureSpec, ...], rows: Any) -> list[dict[str, Any]]:
    """The lines of one cell, which takes its rows from the iterator."""
    steps = list(prunes(cell.recipe).values())
    last = level_axis(cell.recipe) if steps else ""
    common: dict[str, Any] = {f"axis {axis}": value for axis, value in cell.coordinates.items() if axis != last}
    if steps:
        common["sparsity"] = steps[-1].share
    common["device"] = cell.base.device
    accuracies, seconds, origin = [], 0.0, ""
    for measure, row in zip(measures, (next(rows) for _ in measures), strict=True):
        seconds, origin = seconds + row["seconds"], origin or row["origin"]
        if measure.name == "accuracy":
            about = {"split": measure.build().split, "seconds": row["seconds"], "origin": row["origin"]}
            accuracies.append(_accuracy(row["value"]) | about)
        elif measure.name == "profile":
            common |= _removed(row["value"], cell.level)
        else:
            common |= {name: value for name, value in row["value"].items() if isinstance(value, int | float | str)}
    return [common | part for part in accuracies or [{"seconds": seconds, "origin": origin}]]


def _removed(profile: Mapping[str, Any], level: int) -> dict[str, Any]:
    """Counts at a level; none at one that the allocation's bounds do not reach."""
    if level > profile.get("reached", LEVELS):
        return {}
    removed, weights = sum(layer[level] for layer in profile["removed"]), sum(profile["weights"])
    return {"weights_removed": removed, "prunable_weights": weights, "share_removed": removed / weights}


def _accuracy(value: Mapping[str, Any]) -> dict[str, Any]:
    low, high = wilson(value["correct"], value["count"])
    return {
        "accuracy": value["correct"] / value["count"],
        "accuracy_low": low,
        "accuracy_high": high,
        "dense_accuracy": value["dense_correct"] / value["count"],
        "lost": value["lost"],
        "gained": value["gained"],
        "images": value["count"],
    }
