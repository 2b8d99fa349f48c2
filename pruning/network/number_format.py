"""Which numbers a weight may be: how many bits, and how its levels are placed. No torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pruning.common.errors import BadValue
from pruning.common.spec import Spec


class NumberFormat(Spec):
    """The numbers that weights are kept as."""

    bits: Literal[2, 3, 4, 5, 6, 8, 16] = Field(8, description="Bits of a weight; 16: a floating-point format.")
    kept_as: Literal["integer", "float16", "bfloat16"] = Field("integer", description="The format of 16 bits.")
    group: int = Field(0, ge=0, le=4096, description="Inputs that share a scale; 0: all inputs of an output channel.")
    symmetric: bool = Field(True, description="As many levels below zero as above; else lowest to highest.")

    @model_validator(mode="after")
    def _sound(self) -> NumberFormat:
        floating = self.kept_as != "integer"
        if floating != (self.bits == 16):
            raise BadValue("16 bits are a floating-point format, float16 or bfloat16; fewer bits are integers.")
        if floating and (self.group or not self.symmetric):
            raise BadValue(FLOATING)
        return self


FLOATING = "Floating-point formats have no groups, no offset and no GPTQ: choose 8 bits or fewer."
"""Why a floating-point format is refused what belongs to levels."""
