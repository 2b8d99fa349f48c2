"""A recipe's steps as sentences. No torch."""

from __future__ import annotations

from pruning import registry
from pruning.recipe import Prune, Quantize, Recalibrate, Remove, Rewind, Shuffle, Step, Student, Train
from pruning.recipes import Recipe

INT8 = (
    "Make weights and activations 8-bit integers for ONNX Runtime, calibrated on training images; weights use 7 of the "
    "bits, as sums of products overflow on processors without int8 instructions."
)


def recipe_in_words(recipe: Recipe, int8: bool = False) -> list[str]:
    """A sentence for each step; with ``int8`` also for the file that is made at the end."""
    return [*(words(step) for step in recipe), *([INT8] if int8 else [])] or ["Leave the trained network as it is."]


def words(step: Step) -> str:
    """One step in a sentence, with what differs from the defaults."""
    match step:
        case Prune():
            entry, scorer = registry.granularities[step.granularity], registry.scorers[step.scorer].label
            level = entry(**step.granularity_options).said(step.sparsity)
            shared = registry.allocations[step.allocation].label.lower()
            what = level if step.granularity == "n_m" else f"{level} of the {entry.unit}"
            return f"Mask {what} by {scorer}, {shared}{_options(step.allocation_options)}."
        case Remove():
            return "Take what is masked out for good: smaller dense shapes, the same outputs."
        case Train():
            taught = f", {100 * step.mixing:g} % of the loss from the dense network (temperature {step.temperature:g})"
            aware = f" ({registry.dynamics[step.during].label.lower()})" if step.during != "static" else ""
            half = ", layers in bfloat16" if step.precision == "bfloat16" else ""
            half += ", convolutions as products of matrices" if step.convolution == "products" else ""
            return (
                f"Train {step.steps:,} steps of {step.batch} images{aware}, {step.optimiser.upper()}, learning rate "
                f"{step.lr:g}, {step.schedule.replace('_', ' ')}{half}{taught if step.teacher == 'dense' else ''}."
            )
        case Quantize():
            return _quantize(step)
        case Student():
            family = f" of {registry.models[step.family].label}" if step.family else ""
            return f"Begin a student{family}: {step.width} % of the width, {step.depth} % of the depth, new weights."
        case Recalibrate():
            return f"Measure the BatchNorm statistics anew on {step.samples:,} training images."
        case Rewind():
            what = {"init": "their initial", "early": "their early", "dense": "their trained"}[step.mark]
            return f"Set the weights that are left back to {what if step.redraw is None else 'new initial'} values."
        case Shuffle():
            return "Shuffle the mask within each layer."
        case _:
            return f"{step.kind.capitalize()}."


def _quantize(step: Quantize) -> str:
    if step.kept_as != "integer":
        return f"Keep the weights as {step.kept_as}."
    how = "to the nearest level" if step.rounding == "nearest" else "by GPTQ: later columns make up for the error"
    part = f"groups of {step.group} inputs" if step.group else "each output channel"
    middle = "" if step.symmetric else ", with a zero point"
    return f"Round the weights to {step.bits} bits {how}; one scale for {part}{middle}."


def _options(options: dict[str, object]) -> str:
    return f" ({', '.join(f'{name} {value}' for name, value in options.items())})" if options else ""
