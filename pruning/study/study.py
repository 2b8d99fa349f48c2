"""What is asked for: measures, studies and their cells. Frozen, validated, hashable; no torch.

A **step** is one specification; a **recipe** is a flat tuple of steps, folded over a state; a **study** is a recipe
and its axes, so many **cells**. A cell's prefix of steps names a state; a measure of it names a number.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from pruning.common.environment import machine
from pruning.common.errors import BadValue, reason, shortened
from pruning.common.hashing import canonical, digest
from pruning.common.json_text import read_json
from pruning.common.limits import STUDY_BYTES, STUDY_CELLS, STUDY_MEASURES, STUDY_STEPS
from pruning.common.spec import Options, Spec, named, parts
from pruning.common.validation import explain, options_of
from pruning.measures.kinds import measures as measure_registry
from pruning.steps.prune import Prune
from pruning.study.recipe import AnyStep, level_axis, level_of, prunes
from pruning.zoo.base import Base


class MeasureSpec(Spec):
    """One measure by its registered name, and its options."""

    name: str
    options: Options = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> MeasureSpec:
        measure = measure_registry[self.name]
        object.__setattr__(self, "options", options_of(f"measure '{self.name}'", measure, self.options))
        return self

    def build(self) -> Any:
        """The measure itself, ready to be used."""
        return measure_registry[self.name](**self.options)


class Cell(Spec):
    """One point of a study: its coordinates, and what is measured there."""

    base: Base
    recipe: tuple[AnyStep, ...]
    coordinates: dict[str, Any]

    @property
    def level(self) -> int:
        """The level (per mille) at which its recipe ends."""
        return level_of(self.recipe)

    @property
    def state_key(self) -> str:
        return self.base.state_key(self.recipe)

    def measure_key(self, measure: MeasureSpec, where: str = "", older: bool = False) -> str:
        """Name of one measured result of this cell; a timing's holds the machine, this one unless another is named.
        ``older``: see ``Base.state_key``.

        >>> half, most = Study(axes={"0.sparsity": (500, 900)}, measures=(MeasureSpec(name="profile"),)).cells()
        >>> half.measure_key(MeasureSpec(name="profile")) == most.measure_key(MeasureSpec(name="profile"))
        True
        >>> half.measure_key(MeasureSpec(name="accuracy")) == most.measure_key(MeasureSpec(name="accuracy"))
        False
        """
        entry, steps = measure_registry[measure.name], self.recipe
        if entry.scope == "ranking":
            steps = self.ranked
        used = {place: part.version_in(steps) for place, part in named(measure.name, entry, measure.options).items()}
        newer = [[place, version] for place, version in used.items() if version > 1]
        here = [] if entry.pure else [where or machine()]
        return digest("measure", self.base.state_key(steps, older), measure, *newer, *here)

    @property
    def ranked(self) -> tuple[AnyStep, ...]:
        """The recipe up to its last pruning step, at level 0: one table answers every level, so that the level itself
        is not part of its name."""
        found = prunes(self.recipe)
        last = max(found, default=-1)
        return (*self.recipe[:last], found[last].at(0)) if found else ()


class Network(Spec):
    """A cell that is given as it is."""

    base: Base
    recipe: tuple[AnyStep, ...] = Field(max_length=STUDY_STEPS)


class Study(Spec):
    """A recipe and its axes. An axis is named by a field of the base (``seed``) or by a step's number and field
    (``0.sparsity``); cells are the product of the axes in their order.

    Cells that are no product, such as the arms of a lottery ticket experiment, are given one by one as ``networks``
    instead; dense ones among them are trained together.

    >>> study = Study(axes={"seed": (0, 1), "0.sparsity": (500, 900)}, measures=(MeasureSpec(name="accuracy"),))
    >>> [cell.coordinates for cell in study.cells()][:2]
    [{'seed': 0, '0.sparsity': 500}, {'seed': 0, '0.sparsity': 900}]
    >>> study.cells()[2].base.seed, study.cells()[3].recipe[0].sparsity
    (1, 900)
    """

    schema_version: Literal[1] = 1
    base: Base = Field(default_factory=Base)
    recipe: tuple[AnyStep, ...] = Field(default_factory=lambda: (Prune(),), max_length=STUDY_STEPS)
    axes: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    networks: tuple[Network, ...] = Field(())
    measures: tuple[MeasureSpec, ...] = Field(min_length=1, max_length=STUDY_MEASURES)

    @field_validator("axes", mode="before")
    @classmethod
    def _plain(cls, axes: Any) -> Any:
        """What a notebook writes for an axis (an array, a range, a table's column) becomes a list of plain values."""
        if not isinstance(axes, Mapping):
            return axes
        made = {axis: _listed(values) for axis, values in axes.items()}
        try:
            canonical({str(axis): values for axis, values in made.items() if isinstance(values, list)})
        except (TypeError, ValueError, RecursionError) as error:
            raise BadValue(
                f"An axis holds plain values, numbers and words, which JSON has as well: {reason(error)}."
            ) from None
        return made

    @model_validator(mode="after")
    def _cells(self) -> Study:
        if self.networks and self.axes:
            raise BadValue("A study has axes, or networks that are given one by one; this one has both.")
        count = len(self.networks) or math.prod(len(values) for values in self.axes.values())
        if not 0 < count <= STUDY_CELLS:
            raise BadValue(f"A study has 1 to {STUDY_CELLS} cells; this one has {count}.")
        self.cells()
        return self

    def cells(self) -> tuple[Cell, ...]:
        """All cells: the networks as given, or in the order of the axes; the last axis varies fastest."""
        if self.networks:
            return tuple(
                Cell(base=one.base, recipe=one.recipe, coordinates={"network": number})
                for number, one in enumerate(self.networks)
            )
        return tuple(
            self._cell(dict(zip(self.axes, values, strict=True))) for values in itertools.product(*self.axes.values())
        )

    def at_levels(self, levels: tuple[int, ...]) -> Study:
        """The same study at each of these levels (per mille) of its last pruning step.

        Raises:
            BadValue: the recipe prunes nothing, or no level is given.
        """
        return Study.model_validate({**dict(self), "axes": {**self.axes, level_axis(self.recipe): levels}})

    def _cell(self, coordinates: dict[str, Any]) -> Cell:
        base, steps = self.base.model_dump(), [step.model_dump() for step in self.recipe]
        for axis, value in coordinates.items():
            number, _, field = axis.rpartition(".")
            if not number:
                if field not in Base.model_fields and any(field in step for step in steps):
                    place = next(at for at, step in enumerate(steps) if field in step)
                    raise BadValue(f"Axis '{field}' is no field of the base: write '{place}.{field}' for the step's.")
                base[field] = value
            elif number in map(str, range(len(steps))):
                steps[int(number)][field] = value
            else:
                has = f"steps 0 to {len(steps) - 1}" if len(steps) > 1 else "step 0 alone" if steps else "no steps"
                raise BadValue(f"Axis '{shortened(axis)}' names no step: the recipe has {has}.")
        return Cell(base=Base(**base), recipe=tuple(steps), coordinates=coordinates)  # type: ignore[arg-type]

    @property
    def key(self) -> str:
        """Name of the whole study: what two people share when they ask for the same."""
        steps = parts(self.recipe)  # with their kinds, which a plain dump leaves out as defaults
        given = [(one.base, parts(one.recipe)) for one in self.networks]
        return digest("study", self.base, steps, list(self.axes.items()), self.measures, *([given] if given else []))


def _listed(values: Any) -> Any:
    """The values of an axis as a list; numpy's numbers become Python's. What is no sequence is left to be refused."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) != 1:
        return values
    return [value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value for value in values]


def load_study(text: str | bytes) -> Study:
    """A study from JSON text.

    Raises:
        BadValue: not JSON, an unknown schema version, or a field that is wrong; the message names it.

    >>> study = load_study('{"measures": [{"name": "accuracy"}], "recipe": [{"kind": "prune", "sparsity": 900}]}')
    >>> study.recipe[0].sparsity
    900
    >>> load_study('{"measures": [{"name": "accuracy"}], "axes": {"3.sparsity": [500]}}')
    Traceback (most recent call last):
        ...
    pruning.common.errors.BadValue: Axis '3.sparsity' names no step: the recipe has step 0 alone.
    """
    if len(text) > STUDY_BYTES:
        raise BadValue(f"A study has at most {STUDY_BYTES:,} bytes as JSON, and this one has {len(text):,}.")
    content = read_json(text)
    if not isinstance(content, dict):
        raise BadValue("A study is a JSON object with 'measures' and, where they differ, 'base', 'recipe' and 'axes'.")
    version = content.get("schema_version", 1)
    if version != 1:
        raise BadValue(
            f"This study has schema version {shortened(repr(version))}; this version of the program reads version 1."
        )
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        raise BadValue(explain("the study", error)) from None
