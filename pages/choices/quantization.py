"""What a person chooses on the page Quantization, as words of an address and as recipes. No torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from pages.choices.setting import Setting
from pages.choices.words import Words
from pruning.common.errors import BadValue
from pruning.steps.quantize import Quantize
from pruning.study.recipe import AnyStep
from pruning.study.study import MeasureSpec, Study

BITS = (16, 8, 6, 5, 4, 3, 2)
"""Bits of a weight, most first."""
OFFERED = (16, 8, 4, 3, 2)
"""Those that the page offers side by side; others come by a link."""
INTEGER = (2, 3, 4, 5, 6, 8)
"""Those of a curve."""
GROUPS = (0, 32, 64, 128)
"""Inputs that share a scale; 0: all of an output channel."""


class Formats(Words):
    """How weights are kept, and whether they are pruned too."""

    bits: int = Field(4, description="Bits of a weight.")
    half: Literal["float16", "bfloat16"] = Field("float16", description="The format of 16 bits.")
    group: int = Field(0, ge=0, le=4096, description="Inputs that share a scale; 0: all of an output channel.")
    symmetric: bool = Field(True, description="As many levels below zero as above.")
    rounding: Literal["nearest", "gptq"] = Field("nearest", description="To the nearest level, or GPTQ.")
    prune: Literal["no", "before", "after"] = Field("no", description="Whether weights are pruned, and when.")

    @field_validator("bits")
    @classmethod
    def _bits(cls, bits: int) -> int:
        if bits not in BITS:
            raise BadValue(f"There are formats of {', '.join(map(str, reversed(BITS)))} bits, not of {bits}.")
        return bits

    def step(self) -> Quantize:
        """The step that rounds; 16 bits have no groups, no offset and no GPTQ."""
        if self.bits == 16:
            return Quantize(bits=16, kept_as=self.half)
        return Quantize(bits=self.bits, group=self.group, symmetric=self.symmetric, rounding=self.rounding)  # ty: ignore[invalid-argument-type]

    def recipe(self, setting: Setting) -> tuple[AnyStep, ...]:
        """Rounding, with pruning before or after it where that is asked for."""
        match self.prune:
            case "before":
                return (setting.prune, self.step())
            case "after":
                return (self.step(), setting.prune)
        return (self.step(),)

    def study(self, setting: Setting, measure: MeasureSpec) -> Study:
        """One measure of the rounded network."""
        return Study(base=setting.base, recipe=self.recipe(setting), measures=(measure,))

    def whole(self, setting: Setting, measure: MeasureSpec) -> Study:
        """One measure of the network before its weights are rounded: pruned, where that is asked for."""
        recipe: tuple[AnyStep, ...] = () if self.prune == "no" else (setting.prune,)
        return Study(base=setting.base, recipe=recipe, measures=(measure,))

    def curve(self, setting: Setting, rounding: Literal["nearest", "gptq"], measure: MeasureSpec) -> Study:
        """One measure at 2 to 8 bits."""
        here = self.model_copy(update={"rounding": rounding, "bits": INTEGER[0]})
        place = int(self.prune == "before")
        return Study(
            base=setting.base, recipe=here.recipe(setting), axes={f"{place}.bits": INTEGER}, measures=(measure,)
        )
