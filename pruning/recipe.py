"""Steps of a recipe: frozen, validated, hashable; no torch. A recipe is a flat tuple of them, folded over a state."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pruning import registry
from pruning.checks import options_of
from pruning.compatibility import reduces, refusal
from pruning.errors import BadValue, Incompatible
from pruning.keys import canonical
from pruning.limits import LEVELS

Options = dict[str, Any]


class Spec(BaseModel):
    """A frozen specification that refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __hash__(self) -> int:
        return hash(canonical(self))


class Step(Spec):
    """One step of a recipe. ``version`` rises when the same specification would give another result."""

    version: ClassVar[int] = 1
    kind: str

    def key_part(self) -> list[Any]:
        """What the step adds to a state's key."""
        return [self.kind, self.version, self.model_dump(mode="json", exclude_defaults=True)]


class Prune(Step):
    """Set the least important units to zero, by a mask, at one level of sparsity."""

    kind: Literal["prune"] = "prune"
    scorer: str = Field("magnitude_l1", description="The criterion that says what is kept: higher score = keep.")
    options: Options = Field(default_factory=dict, description="Options of the scorer.")
    granularity: str = Field("weight", description="What is removed together.")
    granularity_options: Options = Field(default_factory=dict, description="Options of the granularity.")
    reduction: Literal["mean", "sum", "l2", "max"] = Field(
        "mean", description="How the scores of a unit's weights become the unit's score."
    )
    allocation: str = Field("global", description="How the removal is shared among the layers.")
    allocation_options: Options = Field(default_factory=dict, description="Options of the allocation.")
    sparsity: int = Field(800, ge=0, le=LEVELS, description="Share removed of all prunable weights, in per mille.")
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of what the scorer draws.")

    @model_validator(mode="after")
    def _known(self) -> Prune:
        scorer = registry.scorers[self.scorer]
        granularity = registry.granularities[self.granularity]
        allocation = registry.allocations[self.allocation]
        for field, kind, entry in (
            ("options", f"scorer '{self.scorer}'", scorer),
            ("granularity_options", f"granularity '{self.granularity}'", granularity),
            ("allocation_options", f"allocation '{self.allocation}'", allocation),
        ):
            object.__setattr__(self, field, options_of(kind, entry, getattr(self, field)))
        if (reason := _refused(self)) is not None:
            raise Incompatible(reason)
        if not scorer.draws and self.seed:
            object.__setattr__(self, "seed", 0)
        if not reduces(self.scorer, self.granularity, self.options) and self.reduction != "mean":
            object.__setattr__(self, "reduction", "mean")
        return self

    def criterion(self) -> list[Any]:
        """What a plan for all levels depends on: everything but the level."""
        return [self.kind, self.version, self.model_dump(mode="json", exclude_defaults=True, exclude={"sparsity"})]


def _refused(step: Prune) -> str | None:
    return refusal(step.scorer, step.granularity, step.allocation, step.options, step.allocation_options)


class Recalibrate(Step):
    """Measure the BatchNorm statistics of the pruned network anew, on training images; weights stay."""

    kind: Literal["recalibrate"] = "recalibrate"
    samples: int = Field(1000, ge=10, le=50_000, description="Training images that pass through.")
    seed: int = Field(0, ge=0, lt=2**31)


class Rewind(Step):
    """Set the weights that are left back to an earlier value; masks stay."""

    kind: Literal["rewind"] = "rewind"
    mark: Literal["init", "early", "dense"] = Field("init", description="Which weights: initial, early, or trained.")
    redraw: int | None = Field(
        None, ge=0, lt=2**31, description="Draw new initial weights by this seed instead: the lottery ticket's control."
    )

    @model_validator(mode="after")
    def _one(self) -> Rewind:
        if self.redraw is not None and self.mark != "init":
            raise BadValue("New initial weights are drawn for the mark 'init' alone.")
        return self


class Shuffle(Step):
    """Permute the masks within each layer: the same layer densities at random places; a control."""

    kind: Literal["shuffle"] = "shuffle"
    seed: int = Field(0, ge=0, lt=2**31)


class Train(Step):
    """Train the weights that are left, on training images; every masked weight stays zero."""

    version: ClassVar[int] = 2
    kind: Literal["train"] = "train"
    steps: int = Field(1000, ge=1, le=500_000, description="Optimiser steps.")
    batch: int = Field(100, ge=2, le=4096, description="Images in a step.")
    samples: int = Field(0, ge=0, description="Training images used, the first of a fixed order; 0: all.")
    optimiser: Literal["sgd", "adam", "adamw"] = Field("sgd", description="SGD has momentum 0.9.")
    lr: float = Field(0.02, gt=0, le=10, description="Highest learning rate.")
    schedule: Literal["cosine", "one_cycle", "steps", "constant"] = Field(
        "cosine", description="How the learning rate falls."
    )
    warmup: float = Field(0.05, ge=0, lt=1, description="Share of the steps in which the rate rises.")
    weight_decay: float = Field(5e-4, ge=0, le=1)
    crop: int = Field(0, ge=0, le=8, description="Random shifts by up to so many pixels.")
    flip: bool = Field(False, description="Random mirror images.")
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of the data order and the augmentation.")
    first: int = Field(0, ge=0, description="Steps of that order which earlier trainings of the recipe have seen.")
    teacher: Literal["none", "dense"] = Field("none", description="Distil from the trained dense network.")
    temperature: float = Field(4.0, gt=0, le=100, description="Softens both distributions (Hinton et al. 2015).")
    mixing: float = Field(0.5, ge=0, le=1, description="Share of the teacher in the loss.")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="What layers multiply in; weights and the optimiser's steps stay float32."
    )
    convolution: Literal["direct", "products"] = Field(
        "direct",
        description="How a small chain of convolutions is computed in float32: one by one, as PyTorch does, or as "
        "products of matrices, in which several networks train at once; sums differ in their last bits.",
    )
    during: str = Field("static", description="What happens to the masks while it trains.")
    during_options: Options = Field(default_factory=dict)
    validation: int = Field(1000, ge=0, le=50_000, description="Validation images looked at along the way.")
    looks: int = Field(10, ge=1, le=200, description="How often they are looked at.")

    @model_validator(mode="after")
    def _during(self) -> Train:
        entry = registry.dynamics[self.during]
        object.__setattr__(self, "during_options", options_of(f"'{self.during}'", entry, self.during_options))
        return self


class Quantize(Step):
    """Round the prunable weights to few levels; masked weights stay exactly zero."""

    kind: Literal["quantize"] = "quantize"
    bits: Literal[2, 3, 4, 5, 6, 8, 16] = Field(8, description="Bits of a weight; 16: a floating-point format.")
    kept_as: Literal["integer", "float16", "bfloat16"] = Field("integer", description="The format of 16 bits.")
    group: int = Field(0, ge=0, le=4096, description="Inputs that share a scale; 0: all inputs of an output channel.")
    symmetric: bool = Field(True, description="As many levels below zero as above; else lowest to highest.")
    rounding: Literal["nearest", "gptq"] = Field(
        "nearest", description="To the nearest level; or column by column, later columns making up for the error."
    )
    samples: int = Field(256, ge=10, le=50_000, description="Training images that GPTQ sees.")
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of which images.")

    @model_validator(mode="after")
    def _whole(self) -> Quantize:
        floating = self.kept_as != "integer"
        if floating != (self.bits == 16):
            raise BadValue("16 bits are a floating-point format, float16 or bfloat16; fewer bits are integers.")
        if floating and (self.group or not self.symmetric or self.rounding != "nearest"):
            raise BadValue("Floating-point formats have no groups, no offset and no GPTQ: choose 8 bits or fewer.")
        if self.rounding == "nearest":
            object.__setattr__(self, "samples", 256)
            object.__setattr__(self, "seed", 0)
        return self


class Remove(Step):
    """Take masked channels, heads and blocks out for good: smaller dense shapes, the same outputs."""

    kind: Literal["remove"] = "remove"


class Student(Step):
    """Begin a smaller network with fresh weights in place of the trained one, which may teach it."""

    kind: Literal["student"] = "student"
    family: str = Field("", description="Its architecture, if another than the teacher's.")
    width: int = Field(50, ge=5, le=100, description="Channels or neurons, in per cent of the architecture's own.")
    depth: int = Field(100, ge=10, le=100, description="Blocks or hidden layers, in per cent of its own.")
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of its initial weights.")

    @model_validator(mode="after")
    def _known(self) -> Student:
        if self.family:
            registry.models[self.family]
        return self


AnyStep = Annotated[
    Prune | Recalibrate | Rewind | Shuffle | Train | Quantize | Remove | Student, Field(discriminator="kind")
]
