"""How a network is trained: everything but its weights, its masks and what happens to these. No torch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from pruning.common.spec import Options, Spec


class TrainingOptions(Spec):
    """How a network is trained."""

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


def budget(recipe: Iterable[Spec]) -> int:
    """Optimiser steps of a recipe, over all its trainings.

    >>> from pruning.steps.prune import Prune
    >>> from pruning.steps.train import Train
    >>> budget((Prune(), Train(steps=200), Prune(sparsity=900), Train(steps=300)))
    500
    """
    return sum(step.steps for step in recipe if isinstance(step, TrainingOptions))


def trained_on(recipe: Iterable[Spec]) -> int:
    """Images in all steps of a recipe's trainings; those that come again count again."""
    return sum(step.steps * step.batch for step in recipe if isinstance(step, TrainingOptions))
