"""What a report is made of: a study with all that was measured of it, and on which machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from pruning.common.errors import BadValue
from pruning.criteria.kinds import allocations, granularities, scorers
from pruning.measures.kinds import measures
from pruning.steps.prune import Prune
from pruning.study.recipe import level_axis, prunes
from pruning.study.study import Cell, Study
from pruning.zoo.kinds import datasets, models

NAMED = {"scorer": scorers, "granularity": granularities, "allocation": allocations, "model": models, "data": datasets}
"""Axes whose values are names of registered things."""


class Kept(Protocol):
    """What a store says of one result."""

    @property
    def value(self) -> dict[str, Any]: ...
    @property
    def machine(self) -> str: ...
    @property
    def origin(self) -> Any:
        """ "bundled" where it came with the program."""


@dataclass(frozen=True)
class Measured:
    """One accuracy: of a curve, at a level (per mille), of one seed."""

    curve: str
    level: int
    seed: tuple[int, int]
    split: str
    value: Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """A study and its rows, as ``run`` returns them.

    Attributes:
        machines: on which the results were computed, as the store says; those that come with the program name none.
        bundled: how many of the results come with the program.
        name: what a person called the run.
        lacking: results that the study asks for and the store does not have.
    """

    study: Study
    rows: tuple[Mapping[str, Any], ...]
    machines: tuple[str, ...] = ()
    bundled: int = 0
    name: str = ""
    lacking: int = 0

    @classmethod
    def stored(cls, study: Study, known: Mapping[str, Kept], name: str = "") -> Evidence:
        """What a store has of a study; results that it lacks are counted.

        Args:
            known: by key, as ``Store.get`` gives them.
        """
        rows, used = [], []
        for cell in study.cells():
            for spec in study.measures:
                found = known.get(cell.measure_key(spec))
                if found is None:
                    continue
                used.append(found)
                rows.append({"coordinates": cell.coordinates, "measure": spec.name, "value": found.value})
        asked = len(study.cells()) * sum(measures[spec.name].stored for spec in study.measures)
        machines = tuple(sorted({one.machine for one in used if one.origin == "stored" and one.machine}))
        bundled = sum(one.origin == "bundled" for one in used)
        return cls(study, tuple(rows), machines, bundled, name, max(0, asked - len(rows)))

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        return self.study.cells()

    @cached_property
    def curves(self) -> dict[str, Cell]:
        """The first cell of each curve: cells that differ in more than seeds and the level."""
        found: dict[str, Cell] = {}
        for cell in self.cells:
            found.setdefault(curve_of(cell), cell)
        return found

    @cached_property
    def levels(self) -> tuple[int, ...]:
        return tuple(sorted({cell.level for cell in self.cells}))

    @cached_property
    def seeds(self) -> tuple[tuple[int, int], ...]:
        """Training seeds and seeds of draws that occur."""
        return tuple(sorted({seed_of(cell) for cell in self.cells}))

    @cached_property
    def accuracies(self) -> tuple[Measured, ...]:
        """All accuracies, in the order of the study."""
        splits = [spec.build().split for spec in self.study.measures if spec.name == "accuracy"]
        return tuple(
            Measured(curve_of(cell), cell.level, seed_of(cell), splits[place], row["value"])
            for cell, given in self._by_cell()
            for place, row in enumerate([row for row in given if row["measure"] == "accuracy"])
        )

    def values(self, measure: str) -> list[tuple[Cell, Mapping[str, Any]]]:
        """Every result of a measure, with its cell."""
        return [(cell, row["value"]) for cell, given in self._by_cell() for row in given if row["measure"] == measure]

    def prunes(self) -> dict[str, Prune]:
        """The last pruning step of each curve that prunes."""
        last = {curve: list(prunes(cell.recipe).values())[-1:] for curve, cell in self.curves.items()}
        return {curve: steps[0] for curve, steps in last.items() if steps}

    def _by_cell(self) -> Iterable[tuple[Cell, list[Mapping[str, Any]]]]:
        for cell in self.cells:
            yield cell, [row for row in self.rows if row["coordinates"] == cell.coordinates]


def curve_of(cell: Cell) -> str:
    """What a cell's curve is called: its values along the axes that are neither a seed nor the level."""
    last = level_axis(cell.recipe) if prunes(cell.recipe) else ""
    words = []
    for axis, value in cell.coordinates.items():
        field_name = axis.rpartition(".")[2]
        if axis == last or field_name == "seed":
            continue
        if axis == "network":  # of a study whose networks are given one by one
            labels = ", ".join(step.label for step in cell.recipe) or "dense"
            words.append(f"network {value + 1} ({labels})")
            continue
        registry = NAMED.get(field_name)
        words.append(registry[value].label if registry is not None and value in registry else f"{field_name} {value}")
    if words:
        return ", ".join(words)
    steps = list(prunes(cell.recipe).values())
    return scorers[steps[-1].scorer].label if steps else "dense"


def seed_of(cell: Cell) -> tuple[int, int]:
    """Training seed, and seed of what the last pruning step draws."""
    steps = list(prunes(cell.recipe).values())
    return cell.base.seed, steps[-1].seed if steps else 0


def need_results(evidence: Iterable[Evidence]) -> None:
    """A report has something to report.

    Raises:
        BadValue: nothing of a run is stored.
    """
    for one in evidence:
        if not one.rows:
            raise BadValue(
                f"Nothing of {one.name or 'this study'} is stored here: compute it first, with "
                "'python -m pruning run study.json' or on its page."
            )
