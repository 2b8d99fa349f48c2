"""Ways to make a network smaller, alone and combined, as recipes with one training budget. No torch.

What is compared on the page Compare. An approach is a recipe; two may differ in what runs it alone: the same weights in
float32, or as an int8 file in ONNX Runtime, which is made of the state at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from pruning.common.levels import in_percent
from pruning.common.spec import Spec
from pruning.steps.prune import Prune
from pruning.steps.quantize import Quantize
from pruning.steps.remove import Remove
from pruning.steps.student import Student
from pruning.steps.train import Train
from pruning.study.methods.defaults import DEFAULTS, defaults_of, original
from pruning.study.recipe import AnyStep, Recipe
from pruning.training.options import budget
from pruning.zoo.base import Base
from pruning.zoo.kinds import models

STEPS = {"lenet_300_100": 1200, "lenet_5": 1200}
"""Optimiser steps of every approach that trains, where a person asks for no other number."""
OTHERS = 400
MULTIPLES = {"resnet_20": 4, "mobilenet_v2_small": 4}
"""Channel counts of convolutions are rounded to multiples of these."""
CHOICE, REPORT = 5_000, 10_000
"""Images of validation, by which is chosen, and of test, which is shown."""


@dataclass(frozen=True)
class Approach:
    """One way.

    Attributes:
        name: final, enters links.
        family: of ``pruning.results.families.FAMILIES``.
        int8: whether weights and activations are 8-bit integers, in ONNX Runtime.
    """

    name: str
    label: str
    family: str
    recipe: Recipe
    int8: bool = False

    @property
    def shapes(self) -> Recipe:
        """The steps that decide what is computed: times depend on shapes, not on how long was trained."""
        kept = (step for step in self.recipe if isinstance(step, Prune | Remove | Student))
        return tuple(step.model_copy(update={"seed": 0}) if isinstance(step, Student) else step for step in kept)

    @property
    def trains(self) -> int:
        """Optimiser steps."""
        return budget(self.recipe)


class ComparisonPlan(Spec):
    """What all approaches of one comparison share."""

    model: str = "resnet_20"
    steps: int = Field(0, ge=0, le=200_000, description="Steps of everyone's training; 0: what suits the model.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed of the data order and of students' initial weights.")
    temperature: float = Field(4.0, ge=0.5, le=20, description="Softens both distributions in distillation.")
    mixing: float = Field(0.5, ge=0, le=1, description="Share of the teacher in the loss.")
    family: str = Field("", description="Architecture of your own student, if another than the model's.")
    width: int = Field(50, ge=5, le=100, description="Your own student's channels or neurons, in per cent.")
    depth: int = Field(100, ge=10, le=100, description="Your own student's blocks, in per cent.")

    @property
    def base(self) -> Base:
        return Base(model=self.model)

    @property
    def fine(self) -> Train:
        """Fine-tuning with everyone's number of steps."""
        usual = defaults_of(self.model).fine
        steps = self.steps or STEPS.get(self.model, OTHERS if self.model in DEFAULTS else usual.steps)
        return usual.model_copy(update={"steps": steps, "seed": self.seed})

    def taught(self, train: Train) -> Train:
        """The same training with the dense network as teacher."""
        return train.model_copy(update={"teacher": "dense", "temperature": self.temperature, "mixing": self.mixing})


def has_relatives(model: str) -> bool:
    """Whether smaller networks of the same architecture can be built, to be its students."""
    return models[model].embedded


def approaches(plan: ComparisonPlan) -> dict[str, Approach]:
    """All approaches of a comparison, by name."""
    fine = plan.fine
    whole = original(fine, defaults_of(plan.model).peak)
    found: list[Approach] = [
        Approach("dense", "Dense", "dense", ()),
        Approach("trained_on", "Dense, trained on", "dense", (fine,)),
        *_weights(fine),
        *_channels(plan.model, fine, plan.taught(fine)),
        *_quantized(fine),
        *(_students(plan, whole, plan.taught(whole)) if has_relatives(plan.model) else ()),
    ]
    return {approach.name: approach for approach in found}


def _weights(fine: Train) -> list[Approach]:
    """Single weights, and what goes with them."""
    levels = (500, 800, 900, 950)
    weights, pattern = Prune(), Prune(granularity="n_m", allocation="uniform")
    ninety = (weights.at(900), fine)
    few = Quantize(bits=4, rounding="gptq")
    return [
        *(
            Approach(f"w{level // 10}", f"Weights {in_percent(level)}", "weights", (weights.at(level), fine))
            for level in levels
        ),
        Approach("n_m", "2:4 pattern", "weights", (pattern.at(500), fine)),
        Approach("w90_b8", "Weights 90 %, 8 bits", "combined", (*ninety, Quantize(bits=8))),
        Approach("w90_b4", "Weights 90 %, 4 bits", "combined", (*ninety, few)),
        Approach("b4_w50", "4 bits, then weights 50 %", "combined", (few, weights.at(500))),
    ]


def _channels(model: str, fine: Train, taught: Train) -> list[Approach]:
    """Channels, really removed before training, and what goes with them."""

    options = {"multiple": MULTIPLES[model]} if model in MULTIPLES else {}
    channels = Prune(granularity="channel", allocation="uniform", allocation_options=options)

    def without(level: int) -> tuple[AnyStep, ...]:
        return (channels.at(level), Remove())

    four = Quantize(bits=4, rounding="gptq")
    sparse = (*without(500), Prune().at(500), taught)
    found = [
        Approach(f"c{level // 10}", f"Channels {in_percent(level)}", "channels", (*without(level), fine))
        for level in (300, 500, 700)
    ]
    for level in (300, 500, 700):
        name, label, recipe = f"c{level // 10}_t", f"Channels {in_percent(level)}, distilled", (*without(level), taught)
        found += [
            Approach(name, label, "combined", recipe),
            Approach(f"{name}_int8", f"{label}, int8", "combined", recipe, int8=True),
            Approach(f"{name}_b4", f"{label}, 4 bits", "combined", (*recipe, four)),
        ]
    return [
        *found,
        Approach("c50_w50_t_b8", "Channels 50 %, weights 50 %, distilled, 8 bits", "combined", (*sparse, Quantize())),
    ]


def _quantized(fine: Train) -> list[Approach]:
    """Fewer bits: of weights alone, in few, and of all numbers in a runtime."""
    aware = fine.model_copy(update={"during": "quantized", "during_options": {"bits": 4}})
    halves = Quantize(bits=16, kept_as="float16")
    return [
        Approach("float16", "float16", "quantized", (halves,)),
        Approach("int8", "int8, activations too", "quantized", (), int8=True),
        *(Approach(f"b{bits}", f"{bits} bits", "quantized", (Quantize(bits=bits),)) for bits in (8, 4, 3)),
        *(
            Approach(f"b{bits}_gptq", f"{bits} bits, GPTQ", "quantized", (Quantize(bits=bits, rounding="gptq"),))
            for bits in (4, 3, 2)
        ),
        Approach("b4_aware", "4 bits, trained for it", "quantized", (aware, Quantize(bits=4))),
    ]


def _students(plan: ComparisonPlan, whole: Train, taught: Train) -> list[Approach]:
    """Smaller networks trained from scratch, alone and by the dense one; a person's own, where it is another."""
    half, third = Student(width=50, seed=plan.seed), Student(width=100, depth=34, seed=plan.seed)
    quarter = Student(width=25, seed=plan.seed)
    own = Student(family=plan.family, width=plan.width, depth=plan.depth, seed=plan.seed)
    found = [
        Approach("s50", "Half the width, from scratch", "student", (half, whole)),
        Approach("s50_t", "Half the width, distilled", "student", (half, taught)),
        Approach("s25_t", "A quarter of the width, distilled", "student", (quarter, taught)),
        Approach("s_shallow_t", "A third of the depth, distilled", "student", (third, taught)),
        Approach("s50_t_int8", "Half the width, distilled, int8", "combined", (half, taught), int8=True),
    ]
    if own in (half, third, quarter):
        return found
    # Another architecture is trained as suits it, with everyone's steps and images.
    usual = defaults_of(plan.family or plan.model)
    same = {name: getattr(plan.fine, name) for name in ("steps", "seed", "batch")}
    suited = original(usual.fine.model_copy(update=same), usual.peak)
    return [
        *found,
        Approach("own", "Your student, from scratch", "student", (own, suited)),
        Approach("own_t", "Your student, distilled", "student", (own, plan.taught(suited))),
    ]
