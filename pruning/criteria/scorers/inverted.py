"""Inverted: removes what another criterion finds most important."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.controls import Wrapping, inner
from pruning.criteria.kinds import scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class Inverted(Wrapping):
    name = "inverted"
    label = "Inverted (control)"
    summary = "Another criterion's scores with their sign turned: the most important units go first."
    formula = r"s_i = -s'_i"
    reference = "Frankle et al. 2021, Pruning Neural Networks at Initialization: Why are We Missing the Mark?"
    idea = "If the order means anything, removing the best first must hurt more than removing the worst."
    fails = (
        "Where it does no worse than the criterion itself, the order says nothing. A seed is taken for the sake of "
        "criteria that draw; for the others every seed gives the same."
    )
    rank = 92

    def finish(self, units: dict[str, Tensor], scene: Scene) -> dict[str, Tensor]:
        return {name: -unit for name, unit in inner(self.of).finish(units, scene).items()}
