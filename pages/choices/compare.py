"""What a person wants of a comparison, and its words in an address. No torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pages.choices.words import Words
from pruning.results.tradeoffs import Axis
from pruning.study.methods.approaches import ComparisonPlan

Aim = Literal["smallest", "fastest", "accurate"]


class Wish(ComparisonPlan, Words):
    """A comparison and what a person needs of it; a limit of 0 is none."""

    way: str = Field("", max_length=40, description="The approach that is shown in detail; empty: the best one.")
    axis: Axis = Field("bytes", description="What accuracy is drawn against.")
    aim: Aim = Field("smallest", description="What is wanted most, within the limits.")
    most_kb: float = Field(0.0, ge=0, le=1e9, description="Largest file, in kB (1,000 bytes).")
    most_ms: float = Field(0.0, ge=0, le=1e9, description="Longest pass of one image, in milliseconds.")
    most_points: float = Field(1.0, ge=0, le=10, description="Points of accuracy that may be lost against dense.")

    most_class: float = Field(0.0, ge=0, le=100, description="Points of recall that any class may lose; 0: any.")
    upward: Literal["accuracy", "lowest"] = Field("accuracy", description="Accuracy, or recall of the worst class.")

    @property
    def plan(self) -> ComparisonPlan:
        """The comparison alone."""
        return ComparisonPlan(**{name: getattr(self, name) for name in ComparisonPlan.model_fields})
