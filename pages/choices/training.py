"""What a person chooses on the pages that train, its bounds, and its words in an address. No torch.

Widgets and addresses read the same bounds: what the one cannot be set to, the other refuses with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from pages.choices.words import Words
from pruning.common.errors import BadValue, shortened
from pruning.steps.train import Train
from pruning.study.methods.defaults import TICKET, defaults_of
from pruning.study.methods.strategies import FIRST, STRATEGIES
from pruning.training.schedules import Growth
from pruning.zoo.kinds import models

QUICK = "lenet_300_100"
"""The model whose lottery experiment is the quick one, of ``pruning.study.methods.defaults.TICKET``."""
QUICK_SHARE, QUICK_ROUNDS = 50, 5
"""Per cent of the remaining weights that go in a round of the quick experiment, and how many rounds it has."""


class Choices(Words):
    """How the networks of a page train."""

    steps: int = Field(600, ge=10, le=200_000, description="Optimiser steps.")
    batch: int = Field(100, ge=2, le=4096, description="Images in a step.")
    samples: int = Field(0, ge=0, le=1_000_000, description="Training images used; 0: all.")
    optimiser: Literal["sgd", "adam", "adamw"] = "sgd"
    lr: float = Field(0.01, ge=1e-6, le=10, description="Highest learning rate.")
    schedule: Literal["cosine", "one_cycle", "steps", "constant"] = "cosine"
    decay: float = Field(0.0, ge=0, le=1, description="Weight decay.")
    looks: int = Field(20, ge=1, le=200, description="Looks at validation.")
    convolution: Literal["direct", "products"] = "direct"
    precision: Literal["float32", "bfloat16"] = "float32"


class Recovery(Choices):
    """What is chosen on the page Recover, beside the setting."""

    first = ("steps",)  # rounds are bounded by them

    crop: int = Field(0, ge=0, le=8, description="Random shifts, in pixels.")
    flip: bool = False
    train_seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed of the data order and the augmentation.")
    ways: tuple[str, ...] | None = Field(None, description="Strategies compared; none: the first ones that fit.")
    rounds: int = Field(5, ge=2, le=50, description="Rounds of iterative pruning, at most one a step.")
    growth: Growth = "geometric"
    temperature: float = Field(4.0, ge=0.5, le=100, description="Of distillation.")
    mixing: float = Field(0.5, ge=0, le=1, description="Share of the teacher in the loss.")
    penalty: float = Field(1e-4, ge=1e-7, le=1, description="Weight of a penalty on channels in the loss.")
    peak: float = Field(0.1, ge=1e-5, le=10, description="Highest learning rate of the original training.")
    begins: float = Field(0.0, ge=0, le=0.9, description="Share of the steps before gradual pruning begins.")
    ends: float = Field(0.7, ge=0.05, le=1, description="Share of the steps at which it is at the asked sparsity.")
    every: int = Field(20, ge=1, le=10_000, description="Steps between two prunings of gradual pruning.")

    @model_validator(mode="after")
    def _fits(self) -> Recovery:
        if unknown := [name for name in self.ways or () if name not in STRATEGIES]:
            raise BadValue(f"There is no strategy '{shortened(unknown[0])}'. Known: {', '.join(STRATEGIES)}.")
        if self.rounds > self.steps:
            raise BadValue(f"{self.rounds} rounds need at least as many steps, not {self.steps}.")
        if self.begins >= self.ends:
            raise BadValue(f"Gradual pruning ends (at {self.ends:g} of the steps) after it begins ({self.begins:g}).")
        return self

    @classmethod
    def of(cls, model: str) -> Recovery:
        found = defaults_of(model)
        fine = found.fine
        return cls(
            **_common(model, fine),
            crop=fine.crop,
            flip=fine.flip,
            train_seed=fine.seed,
            rounds=found.rounds,
            peak=found.peak,
        )


class Ticket(Choices):
    """What is chosen on the page Lottery ticket, beside the model."""

    seeds: int = Field(3, ge=1, le=10, description="Seeds, from 0.")
    share: int = Field(QUICK_SHARE, ge=5, le=90, description="Per cent of the remaining weights that go in a round.")
    rounds: int = Field(QUICK_ROUNDS, ge=1, le=40)
    mark: Literal["init", "early"] = Field("init", description="What survivors go back to.")

    @classmethod
    def of(cls, model: str) -> Ticket:
        return cls(**_common(model, quick(model)))


def quick(model: str) -> Train:
    """The quick training of a lottery experiment; deeper models keep their own schedule."""
    if model == QUICK:
        return TICKET
    samples = TICKET.samples if models[model].embedded else 0
    return defaults_of(model).original.model_copy(update={"samples": samples})


def first_ways(usable: Mapping[str, Any]) -> list[str]:
    """The strategies compared where nothing was chosen: of the first ones those that can be used."""
    return [name for name in FIRST if name in usable]


def _common(model: str, train: Train) -> dict[str, Any]:
    """The fields that all pages share, as a training has them; convolutions are computed the fast way, where a model's
    can be: no result that comes with the program hangs on how."""
    names = ("steps", "batch", "samples", "optimiser", "lr", "schedule", "looks", "precision")
    fast = "products" if models[model].products else train.convolution
    return {name: getattr(train, name) for name in names} | {"decay": train.weight_decay, "convolution": fast}
