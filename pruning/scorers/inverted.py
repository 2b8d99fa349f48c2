"""Inverted: removes what another criterion finds most important."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from pruning.criteria import Scorer
from pruning.registry import scorers
from pruning.wrapping import inner, wrappable

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.passes import Scene


@scorers.register
class Inverted(Scorer):
    name = "inverted"
    label = "Inverted (control)"
    summary = "Another criterion's scores with their sign turned: the most important units go first."
    formula = r"s_i = -s'_i"
    reference = "Frankle et al. 2021, Pruning Neural Networks at Initialization: Why are We Missing the Mark?"
    idea = "If the order means anything, removing the best first must hurt more than removing the worst."
    cost = "That of the criterion it wraps."
    fails = (
        "Where it does no worse than the criterion itself, the order says nothing. A seed is taken for the sake of "
        "criteria that draw; for the others every seed gives the same."
    )
    family = "control"
    draws = True
    rank = 92

    of: str = Field(
        "magnitude_l1", description="The criterion that is wrapped.", json_schema_extra={"registry": "scorers"}
    )

    @field_validator("of")
    @classmethod
    def _wrappable(cls, name: str) -> str:
        return wrappable(name)

    @classmethod
    def scores_of(cls, options: Mapping[str, Any]) -> Literal["weights", "channels", "blocks"]:
        return inner(options.get("of", "magnitude_l1")).gives

    def reason(self) -> str:
        return inner(self.of).lacks

    def score(self, scene: Scene) -> dict[str, Tensor]:
        return inner(self.of).score(scene)

    def finish(self, units: dict[str, Tensor], scene: Scene) -> dict[str, Tensor]:
        return {name: -unit for name, unit in inner(self.of).finish(units, scene).items()}
