"""A method: which criterion, on which granularity, shared among the layers by which allocation. No torch."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from pruning.common.errors import Incompatible
from pruning.common.spec import Options, Spec
from pruning.common.validation import options_of
from pruning.criteria.compatibility import reduces, refusal
from pruning.criteria.kinds import allocations, granularities, scorers


class Method(Spec):
    """How to prune, at whatever level."""

    scorer: str = Field("magnitude_l1", description="The criterion that says what is kept: higher score = keep.")
    options: Options = Field(default_factory=dict, description="Options of the scorer.")
    granularity: str = Field("weight", description="What is removed together.")
    granularity_options: Options = Field(default_factory=dict, description="Options of the granularity.")
    reduction: Literal["mean", "sum", "l2", "max"] = Field(
        "mean", description="How the scores of a unit's weights become the unit's score."
    )
    allocation: str = Field("global", description="How the removal is shared among the layers.")
    allocation_options: Options = Field(default_factory=dict, description="Options of the allocation.")
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of what the scorer draws.")

    @model_validator(mode="after")
    def _known(self) -> Method:
        scorer = scorers[self.scorer]
        granularity = granularities[self.granularity]
        allocation = allocations[self.allocation]
        for field, kind, entry in (
            ("options", f"scorer '{self.scorer}'", scorer),
            ("granularity_options", f"granularity '{self.granularity}'", granularity),
            ("allocation_options", f"allocation '{self.allocation}'", allocation),
        ):
            object.__setattr__(self, field, options_of(kind, entry, getattr(self, field)))
        if (reason := self._refused()) is not None:
            raise Incompatible(reason)
        if not scorer.draws and self.seed:
            object.__setattr__(self, "seed", 0)
        if not reduces(self.scorer, self.granularity, self.options) and self.reduction != "mean":
            object.__setattr__(self, "reduction", "mean")
        return self

    def _refused(self) -> str | None:
        return refusal(self.scorer, self.granularity, self.allocation, self.options, self.allocation_options)

    def criterion(self) -> list[Any]:
        """What a plan for all levels depends on."""
        return [self.model_dump(mode="json", exclude_defaults=True, include=set(Method.model_fields))]
