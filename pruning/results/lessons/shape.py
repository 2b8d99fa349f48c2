"""What a lesson is: five parts, each with text, and the data of what is looked at, guessed, shown and done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from pruning.common.errors import BadValue
from pruning.common.spec import Options, Spec
from pruning.results.lessons.quantities import QUANTITIES, measures_of
from pruning.steps.prune import Prune
from pruning.study.recipe import AnyStep
from pruning.study.study import MeasureSpec, Network, Study
from pruning.zoo.base import Base
from pruning.zoo.kinds import models

PARTS = ("look", "predict", "reveal", "explain", "do")
"""In their order; a step of a lesson is one of them."""


class Variant(Spec):
    """One network of an experiment: its name as people read it, and how it is made."""

    name: str = Field(min_length=1, max_length=40)
    recipe: tuple[AnyStep, ...] = ()


class SideBySide(Spec):
    """Networks side by side, and what is measured of each.

    Attributes:
        quantities: names of ``QUANTITIES``; the first is drawn.
        split: images on which accuracy is measured.
    """

    model: str = "lenet_300_100"
    quantities: tuple[str, ...] = ("accuracy",)
    split: Literal["test", "validation"] = "test"
    variants: tuple[Variant, ...] = Field(min_length=1, max_length=8)

    @field_validator("quantities")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in QUANTITIES:
                raise BadValue(f"A lesson measures {', '.join(QUANTITIES)}; '{name}' is none of them.")
        return names

    @model_validator(mode="after")
    def _model(self) -> SideBySide:
        models[self.model]
        return self

    @property
    def study(self) -> Study:
        """All networks and measures."""
        networks = tuple(Network(base=Base(model=self.model), recipe=one.recipe) for one in self.variants)
        return Study(networks=networks, measures=measures_of(self.quantities, self.split))


class Histogram(Spec):
    """One layer's weights by value."""

    model: str = "lenet_300_100"
    layer: str
    recipe: tuple[AnyStep, ...] = ()

    @property
    def study(self) -> Study:
        """The network and the layer."""
        measure = MeasureSpec(name="layer", options={"layer": self.layer})
        return Study(base=Base(model=self.model), recipe=self.recipe, measures=(measure,))


class Guess(Spec):
    """What the learner commits to before the result appears: a number on a scale, or one of the networks.

    Attributes:
        of: the network whose quantity is guessed; none where a network is chosen.
        best: which of the networks is right.
        tie: networks that are so close to the best one cannot be told from it, and are right as well.
        choices: the networks to choose from; none: all.
    """

    question: str
    quantity: str = "accuracy"
    of: str = ""
    low: float = 0
    high: float = 100
    step: float = 1
    best: Literal["highest", "lowest"] = "highest"
    choices: tuple[str, ...] = ()
    tie: float = 0

    @property
    def number(self) -> bool:
        """Whether it is a number on a scale."""
        return bool(self.of)

    def answer(self, found: Mapping[str, Mapping[str, float]]) -> float | str:
        """What is right, by the measured quantities of each network."""
        if self.number:
            return found[self.of][self.quantity]
        pick = max if self.best == "highest" else min
        names = self.choices or tuple(found)
        return pick(names, key=lambda name: found[name][self.quantity])

    def right(self, given: float | str, found: Mapping[str, Mapping[str, float]]) -> bool:
        """Whether a number is within a twentieth of the scale, or a chosen network as good as the best one."""
        answer = self.answer(found)
        if isinstance(answer, float):
            return isinstance(given, int | float) and abs(given - answer) <= (self.high - self.low) / 20
        return given in self.all_right(found)

    def all_right(self, found: Mapping[str, Mapping[str, float]]) -> tuple[str, ...]:
        """The networks that are right: the best one, and those that are too close to it to be told from it."""
        best = found[str(self.answer(found))][self.quantity]
        names = self.choices or tuple(found)
        return tuple(name for name in names if abs(found[name][self.quantity] - best) <= self.tie)


class Control(Spec):
    """What the learner sets in a task. ``paths``: where its value goes in the recipe ("0.sparsity")."""

    label: str
    paths: tuple[str, ...] = Field(min_length=1)
    values: tuple[int | float | str, ...] = Field(min_length=2)
    start: int | float | str
    unit: str = ""
    per_mille: bool = Field(False, description="Values are shares in per mille, and shown in per cent.")

    def said(self, value: int | float | str) -> str:
        """A value as people read it."""
        if self.per_mille and isinstance(value, int | float):
            return f"{value / 10:g} %"
        return f"{value} {self.unit}".strip()


class Goal(Spec):
    """What a quantity has to be."""

    quantity: str
    at_least: float | None = None
    at_most: float | None = None
    exactly: float | None = None

    def met(self, value: float) -> bool:
        """Whether a measured value passes."""
        low, high = (self.exactly, self.exactly) if self.exactly is not None else (self.at_least, self.at_most)
        return (low is None or value >= low - 1e-9) and (high is None or value <= high + 1e-9)

    def words(self) -> str:
        """The goal: "accuracy at least 85.0 %"."""
        about = QUANTITIES[self.quantity]
        parts = {"at least": self.at_least, "at most": self.at_most, "exactly": self.exactly}
        said = " and ".join(f"{word} {about.words(value)}" for word, value in parts.items() if value is not None)
        return f"{about.label} {said}"


class Exercise(Spec):
    """What the learner does: sets controls, has it measured, and passes when all goals are met.

    Attributes:
        recipe: with the controls at their start.
        weights: of each layer, where shares are given layer by layer: the sparsity follows from them.
        solution: values of the controls, in their order, that pass: what a teacher needs, and a test runs.
    """

    model: str = "lenet_300_100"
    recipe: tuple[dict[str, Any], ...]
    controls: tuple[Control, ...] = Field(min_length=1, max_length=6)
    goals: tuple[Goal, ...] = Field(min_length=1)
    weights: dict[str, int] = Field(default_factory=dict)
    solution: tuple[int | float | str, ...]

    def experiment(self, values: tuple[int | float | str, ...]) -> SideBySide:
        """The network that these values of the controls make, measured on validation images."""
        steps: list[Options] = [_copy(step) for step in self.recipe]
        for control, value in zip(self.controls, values, strict=True):
            for path in control.paths:
                _put(steps, path, value)
        quantities = tuple(dict.fromkeys(goal.quantity for goal in self.goals))
        variant = Variant(name="yours", recipe=tuple(steps))  # type: ignore[arg-type]
        if self.weights:
            first, *others = variant.recipe
            shares = steps[0]["allocation_options"]["shares"]
            gone = sum(shares[name] * count for name, count in self.weights.items())
            level = round(gone / sum(self.weights.values()))
            variant = Variant(name="yours", recipe=(at_level(first, level), *others))
        return SideBySide(model=self.model, quantities=quantities, split="validation", variants=(variant,))


def at_level(step: AnyStep, level: int) -> AnyStep:
    """A pruning step at another level (per mille).

    Raises:
        BadValue: it is another kind of step.
    """
    if not isinstance(step, Prune):
        raise BadValue("Shares of layers belong to a recipe that begins with a pruning step.")
    return step.at(level)


def _copy(value: Any) -> Any:
    return {name: _copy(part) for name, part in value.items()} if isinstance(value, dict) else value


def _put(steps: list[Options], path: str, value: Any) -> None:
    number, *names = path.split(".")
    place = steps[int(number)]
    for name in names[:-1]:
        place = place.setdefault(name, {})
    place[names[-1]] = value
