"""Ways to make a network smaller, alone and combined, as recipes with one training budget. No torch.

What is compared on the page Compare. An approach is a recipe; two may differ in what runs it alone: the same weights in
float32, or as an int8 file in ONNX Runtime, which is made of the state at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from pruning.defaults import defaults_of, original
from pruning.recipe import AnyStep, Prune, Quantize, Remove, Student, Train
from pruning.recipes import Recipe, budget
from pruning.specs import Base, MeasureSpec, Network, Study

STEPS = {"lenet_300_100": 1200, "lenet_5": 1200}
"""Optimiser steps of every approach that trains."""
OTHERS = 400
MULTIPLES = {"resnet_20": 4, "mobilenet_v2_small": 4}
"""Channel counts of convolutions are rounded to multiples of these."""
CHOICE, REPORT = 5_000, 10_000
"""Images of validation, by which is chosen, and of test, which is shown."""


@dataclass(frozen=True)
class Family:
    """Approaches of one kind, in the words of a beginner: what it does to weights, shapes, file and speed, and what it
    needs of hardware and training."""

    label: str
    weights: str
    shapes: str
    file: str
    speed: str
    hardware: str
    training: str


FAMILIES = {
    "dense": Family("Dense", "as trained", "as trained", "32 bits a weight", "the measure", "any", "done before"),
    "weights": Family(
        "Pruned weights", "the least important become zero", "stay", "smaller only if zeros are left out or compressed",
        "none from zeros alone; 2:4 patterns on some GPUs", "any; sparse tensor cores for 2:4", "a short one",
    ),
    "channels": Family(
        "Pruned channels", "whole channels go, the others stay", "smaller", "smaller, an ordinary file",
        "faster wherever it runs", "any", "a short one",
    ),
    "quantized": Family(
        "Quantized", "rounded to few levels", "stay", "2 to 16 bits a weight",
        "faster as int8 with activations; weights alone: none", "int8 instructions; any for files",
        "none at 8 bits; helps at 4 and fewer",
    ),
    "student": Family(
        "Student", "new ones, learnt from scratch", "smaller, chosen beforehand", "smaller, an ordinary file",
        "faster wherever it runs", "any", "a whole one; here as short as the others'",
    ),
    "combined": Family(
        "Combined", "several of these in a row", "smaller where channels go", "the savings multiply",
        "channels and int8 multiply", "as its parts", "a short one, often with the dense network as teacher",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Approach:
    """One way.

    Attributes:
        name: final, enters links.
        family: of ``FAMILIES``.
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
        return tuple(step for step in self.recipe if isinstance(step, Prune | Remove | Student))

    @property
    def trains(self) -> int:
        """Optimiser steps."""
        return budget(self.recipe)


def approaches(model: str, steps: int = 0, seed: int = 0) -> dict[str, Approach]:
    """All approaches to a model, by name.

    Args:
        steps: of everyone's training; 0: ``STEPS``.
        seed: of the data order, and of a student's initial weights.
    """
    defaults = defaults_of(model)
    fine = defaults.fine.model_copy(update={"steps": steps or STEPS.get(model, OTHERS), "seed": seed})
    whole = original(fine, defaults.peak)
    taught, raised = (train.model_copy(update={"teacher": "dense"}) for train in (fine, whole))
    found: list[Approach] = [
        Approach("dense", "Dense", "dense", ()),
        Approach("trained_on", "Dense, trained on", "dense", (fine,)),
        *_weights(fine),
        *_channels(model, fine, taught),
        *_quantized(fine),
        *_students(whole, raised, seed),
    ]
    return {approach.name: approach for approach in found}


def _weights(fine: Train) -> list[Approach]:
    """Single weights, and what goes with them."""
    levels = (500, 800, 900, 950)
    pattern = Prune(granularity="n_m", allocation="uniform", sparsity=500)
    ninety = (Prune(sparsity=900), fine)
    few = Quantize(bits=4, rounding="gptq")
    return [
        *(Approach(f"w{level // 10}", f"Weights {level / 10:g} %", "weights", (Prune(sparsity=level), fine))
          for level in levels),
        Approach("n_m", "2:4 pattern", "weights", (pattern, fine)),
        Approach("w90_b8", "Weights 90 %, 8 bits", "combined", (*ninety, Quantize(bits=8))),
        Approach("w90_b4", "Weights 90 %, 4 bits", "combined", (*ninety, few)),
        Approach("b4_w50", "4 bits, then weights 50 %", "combined", (few, Prune(sparsity=500))),
    ]  # fmt: skip


def _channels(model: str, fine: Train, taught: Train) -> list[Approach]:
    """Channels, really removed before training, and what goes with them."""

    def without(level: int) -> tuple[AnyStep, ...]:
        options = {"multiple": MULTIPLES[model]} if model in MULTIPLES else {}
        prune = Prune(granularity="channel", allocation="uniform", allocation_options=options, sparsity=level)
        return (prune, Remove())

    four = Quantize(bits=4, rounding="gptq")
    sparse = (*without(500), Prune(sparsity=500), taught)
    found = [
        Approach(f"c{level // 10}", f"Channels {level / 10:g} %", "channels", (*without(level), fine))
        for level in (300, 500, 700)
    ]
    for level in (300, 500, 700):
        name, label, recipe = f"c{level // 10}_t", f"Channels {level / 10:g} %, distilled", (*without(level), taught)
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
        *(Approach(f"b{bits}_gptq", f"{bits} bits, GPTQ", "quantized", (Quantize(bits=bits, rounding="gptq"),))
          for bits in (4, 3, 2)),
        Approach("b4_aware", "4 bits, trained for it", "quantized", (aware, Quantize(bits=4))),
    ]  # fmt: skip


def _students(whole: Train, taught: Train, seed: int) -> list[Approach]:
    """Smaller networks trained from scratch, alone and by the dense one."""
    half, third = Student(width=50, seed=seed), Student(width=100, depth=34, seed=seed)
    quarter = Student(width=25, seed=seed)
    return [
        Approach("s50", "Half the width, from scratch", "student", (half, whole)),
        Approach("s50_t", "Half the width, distilled", "student", (half, taught)),
        Approach("s25_t", "A quarter of the width, distilled", "student", (quarter, taught)),
        Approach("s_shallow_t", "A third of the depth, distilled", "student", (third, taught)),
        Approach("s50_t_int8", "Half the width, distilled, int8", "combined", (half, taught), int8=True),
    ]


def measures_of(approach: Approach) -> tuple[MeasureSpec, ...]:
    """What is measured of an approach: right and wrong on test and validation, and what is delivered.

    An int8 file is judged as its runtime runs it.
    """
    sizes = MeasureSpec(name="footprint")
    if approach.int8:
        return (*(MeasureSpec(name="runtime", options={"precision": "int8", "split": split, "count": count})
                  for split, count in (("test", REPORT), ("validation", CHOICE))), sizes)  # fmt: skip
    return (*(MeasureSpec(name="verdicts", options={"split": split, "count": count})
              for split, count in (("test", REPORT), ("validation", CHOICE))), sizes)  # fmt: skip


def study_of(base: Base, approach: Approach) -> Study:
    """The work of one approach."""
    network = Network(base=base, recipe=approach.recipe)
    return Study(networks=(network,), measures=measures_of(approach))


def timing_of(base: Base, approach: Approach) -> Study:
    """The work of timing an approach: the same for all that compute the same."""
    network = Network(base=base, recipe=approach.shapes)
    return Study(networks=(network,), measures=(MeasureSpec(name="runtime_latency"),))
