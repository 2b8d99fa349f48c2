"""Controls wrap another criterion: which ones can be wrapped, and what all wrappers share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from pruning.common.errors import Incompatible
from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


def wrappable(name: str) -> str:
    """The name of a criterion that gives scores of its own.

    Raises:
        UnknownName: there is none of that name.
        Incompatible: it is a solver, or wraps another one itself.
    """
    entry = scorers[name]
    if not issubclass(entry, Scorer):
        raise Incompatible(f"{entry.label} is a solver: it has no scores to be shuffled or inverted.")
    if "of" in entry.model_fields:
        raise Incompatible(f"{entry.label} wraps another criterion itself: name that one.")
    return name


def inner(name: str) -> Scorer:
    """The wrapped criterion, with its own defaults."""
    made = scorers[wrappable(name)]()
    assert isinstance(made, Scorer)
    return made


class Wrapping(Scorer):
    """A control: the scores of another criterion; ``finish`` says what becomes of them."""

    cost = "That of the criterion it wraps."
    family = "control"
    draws = True

    of: str = Field(
        "magnitude_l1", description="The criterion that is wrapped.", json_schema_extra={"registry": "scorers"}
    )

    @field_validator("of")
    @classmethod
    def _wrappable(cls, name: str) -> str:
        return wrappable(name)

    @classmethod
    def scores_of(cls, options: Mapping[str, Any]) -> Literal["weights", "channels", "blocks"]:
        return inner(options.get("of", cls.model_fields["of"].default)).gives

    def reason(self) -> str:
        return inner(self.of).lacks

    def score(self, scene: Scene) -> dict[str, Tensor]:
        return inner(self.of).score(scene)
