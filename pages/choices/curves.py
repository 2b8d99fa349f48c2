"""What the Curves page shows: a list of curves and what they share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field

from pages.choices.notation import LEVEL, Notation, json_of, named
from pages.choices.setting import METHOD, MethodChoice, Setting
from pages.choices.words import Words
from pruning.common.levels import LEVELS
from pruning.criteria.kinds import scorers
from pruning.results.curves import AXES, CurveAxis
from pruning.zoo.kinds import datasets, models

MOST = 8
"""Curves on one chart: more cannot be told apart."""
DRAWS = 10


class Curve(MethodChoice):
    """One curve: a method, without model, data, level and seeds, which all curves share."""

    recalibrate: bool = Field(False, description="Measure the BatchNorm statistics anew after pruning.")

    @property
    def control(self) -> bool:
        """Whether it knows nothing of the weights: drawn in grey."""
        return self.scorer == "random"

    def setting(self, **shared: Any) -> Setting:
        """The setting of one run of this curve."""
        return Setting(**self.model_dump(exclude={"recalibrate"}), **shared)

    def typed(self) -> Curve:
        """The same curve with each option of its own type.

        Raises:
            PruningError: there is no such curve.
        """
        self.setting().prune  # noqa: B018
        return self.model_copy(update={f"{part}_options": self.options(part) for part in METHOD})

    def label(self) -> str:
        """The curve in a few words, for the legend."""
        return self.method() + (", BatchNorm recalibrated" if self.recalibrate else "")


FIRST = (Curve(), Curve(scorer="gradient_x_weight"), Curve(scorer="random"))
"""What a first visit shows: a criterion that looks at weights, one that looks at data, and the control; all stored."""


def list_of(text: str) -> list[Any]:
    """The list that a text in JSON is."""
    content = json_of(text)
    if not isinstance(content, list):
        raise ValueError
    return content


def written(curves: Iterable[Curve]) -> str:
    """Curves as one word: of each what differs from the first curve of all."""
    return json.dumps([curve.model_dump(exclude_defaults=True) for curve in curves], separators=(",", ":"))


class View(Words):
    """All that a person chose on the Curves page."""

    notations = {
        "model": named(models),
        "data": named(datasets),
        "trained": Notation(lambda text: tuple(int(part) for part in text.split(","))),
        "draws": Notation(int),
        "at": LEVEL,
        "curves": Notation(list_of, written),
    }
    instead = "the default is shown instead"
    detailed = True

    model: str = "lenet_300_100"
    data: str | None = None
    trained: tuple[int, ...] = Field((0,), min_length=1, description="Training seeds of the weights.")
    draws: int = Field(1, ge=1, le=DRAWS, description="Seeds of the draw, for criteria that draw.")
    split: Literal["test", "validation"] = "test"
    axis: CurveAxis = AXES[0]
    at: int = Field(950, ge=0, le=LEVELS, description="Level at which pairs are compared, in per mille.")
    device: str = Field("cpu", pattern=r"^(cpu|mps|cuda(:\d+)?)$")
    curves: tuple[Curve, ...] = Field(FIRST, max_length=MOST)

    def runs(self, curve: Curve) -> list[tuple[str, Setting]]:
        """The runs of a curve: a name for each seed, and its setting."""
        draws = range(self.draws if scorers[curve.scorer].draws else 1)
        shared = {"model": self.model, "data": self.data, "device": self.device}
        return [
            (
                f"training seed {weights}" + (f", draw {draw}" if len(draws) > 1 else ""),
                curve.setting(weights=weights, seed=draw, **shared),
            )
            for weights in self.trained
            for draw in draws
        ]

    def with_curve(self, curve: Curve) -> View:
        """The view with one curve more, unless it is there already or no more fit."""
        if curve in self.curves or len(self.curves) >= MOST:
            return self
        return self.model_copy(update={"curves": (*self.curves, curve)})

    def without(self, place: int) -> View:
        """The view without one of its curves."""
        kept = tuple(curve for at, curve in enumerate(self.curves) if at != place)
        return self.model_copy(update={"curves": kept})


DEFAULT = View()
