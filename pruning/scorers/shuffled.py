"""Shuffled: the same scores in each layer, at random places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from pruning.criteria import Scorer
from pruning.registry import scorers
from pruning.wrapping import inner, wrappable

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.passes import Scene


@scorers.register
class Shuffled(Scorer):
    name = "shuffled"
    label = "Shuffled (control)"
    summary = "Another criterion's scores, permuted within each layer: the same layer sparsities, random places."
    formula = r"s_{\ell, i} = s'_{\ell, \pi_\ell(i)}"
    reference = "Su et al. 2020, Sanity-Checking Pruning Methods: Random Tickets can Win the Jackpot"
    idea = "Separates what a criterion knows of layers from what it knows of the weights in them."
    cost = "That of the criterion it wraps."
    fails = "Where it does as well as the criterion itself, only the layers' shares mattered."
    family = "control"
    draws = True
    rank = 91

    of: str = Field(
        "magnitude_l1", description="The criterion that is wrapped.", json_schema_extra={"registry": "scorers"}
    )

    @field_validator("of")
    @classmethod
    def _wrappable(cls, name: str) -> str:
        return wrappable(name)

    @classmethod
    def scores_of(cls, options: Mapping[str, Any]) -> Literal["weights", "channels", "blocks"]:
        return inner(options.get("of", "magnitude_l1")).gives

    def reason(self) -> str:
        return inner(self.of).lacks

    def score(self, scene: Scene) -> dict[str, Tensor]:
        return inner(self.of).score(scene)

    def finish(self, units: dict[str, Tensor], scene: Scene) -> dict[str, Tensor]:
        import torch

        generator, found = scene.generator(), {}
        for name, unit in inner(self.of).finish(units, scene).items():
            order = torch.randperm(unit.numel(), generator=generator).to(unit.device)
            found[name] = unit.flatten()[order].view(unit.shape)
        return found
