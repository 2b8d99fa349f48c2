"""Quantize: the prunable weights on few levels; what is masked stays exactly zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from pruning.common.errors import BadValue
from pruning.common.progress import Progress, Shelf, quiet
from pruning.common.spec import Step
from pruning.network.number_format import FLOATING, NumberFormat
from pruning.steps.kinds import steps

if TYPE_CHECKING:
    from pruning.state import State

LEAST, MOST = 2.0**-24, 65504.0
"""The smallest number of float16 beside zero, and the largest."""


@steps.register
class Quantize(NumberFormat, Step):
    """Round the prunable weights to few levels; masked weights stay exactly zero."""

    name = "quantize"
    label = "Quantize"
    rank = 50

    kind: Literal["quantize"] = "quantize"
    rounding: Literal["nearest", "gptq"] = Field(
        "nearest", description="To the nearest level; or column by column, later columns making up for the error."
    )
    samples: int = Field(256, ge=10, le=50_000, description="Training images that GPTQ sees.")
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of which images.")

    @model_validator(mode="after")
    def _whole(self) -> Quantize:
        if self.kept_as != "integer" and self.rounding != "nearest":
            raise BadValue(FLOATING)
        if self.rounding == "nearest":
            object.__setattr__(self, "samples", 256)
            object.__setattr__(self, "seed", 0)
        return self

    def apply(self, state: State, key: str, progress: Progress = quiet, shelf: Shelf | None = None) -> State:
        """The state whose weights are the levels' values, with the formats that say how they are kept.

        Raises:
            Incompatible: GPTQ cannot see the inputs of a layer.
            BadTensor: weights are NaN or infinite, or float16 cannot hold a layer's; the sentence names the layer.
        """
        import torch

        from pruning.common.errors import BadTensor
        from pruning.compression.quantization.gptq import gptq
        from pruning.network.rounding import nearest

        for name, weight in state.weights.items():
            if not torch.isfinite(weight).all():
                raise BadTensor(f"Weights of '{name}' are NaN or infinite (a training that diverged?): no rounding.")
            extent = float(weight.abs().max())
            if self.kept_as == "float16" and extent and not LEAST <= extent <= MOST:
                raise BadTensor(
                    f"float16 cannot hold the weights of '{name}', whose largest is {extent:.3g}: choose bfloat16."
                )
        after = state.next(key)
        if self.rounding == "gptq":
            formats = gptq(state.scene(progress, self.seed), self, self.samples)
        else:
            formats = {name: nearest(weight, self) for name, weight in state.weights.items()}
        parameters = dict(after.model.named_parameters(remove_duplicate=False))
        with torch.no_grad():
            for name, kept in formats.items():
                after.formats[name] = kept.masked(after.masks.get(name))
                parameters[name].copy_(after.formats[name].values())
        return after

    def words(self) -> str:
        if self.kept_as != "integer":
            return f"Keep the weights as {self.kept_as}."
        how = "to the nearest level" if self.rounding == "nearest" else "by GPTQ: later columns make up for the error"
        part = f"groups of {self.group} inputs" if self.group else "each output channel"
        middle = "" if self.symmetric else ", with a zero point"
        return f"Round the weights to {self.bits} bits {how}; one scale for {part}{middle}."
