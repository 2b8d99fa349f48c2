"""Magnitude: small weights do little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene

FAILS = (
    "Blind to what flows through: a small weight on a large activation matters. Layers with a different scale of "
    "weights are not comparable, so with the global allocation whole layers can vanish."
)


@scorers.register
class MagnitudeL1(Scorer):
    name = "magnitude_l1"
    label = "Magnitude (L1)"
    summary = "The absolute value of the weight."
    formula = r"s_i = |w_i|"
    reference = "Han et al. 2015, Learning both Weights and Connections for Efficient Neural Networks"
    idea = "A weight near zero changes its layer's output little, so removing it should change little."
    cost = "No data and no pass: one look at the weights."
    fails = FAILS
    rank = 10

    def score(self, scene: Scene) -> dict[str, Tensor]:
        return {name: weight.abs().float() for name, weight in scene.weights.items()}


@scorers.register
class MagnitudeL2(Scorer):
    name = "magnitude_l2"
    label = "Magnitude (L2)"
    summary = "The square of the weight."
    formula = r"s_i = w_i^2"
    reference = "LeCun et al. 1990 (as the baseline of Optimal Brain Damage); Li et al. 2017 for filters"
    idea = "As L1. For single weights the order is the same; the two differ once scores of a filter are summed."
    cost = MagnitudeL1.cost
    fails = FAILS
    rank = 11

    def score(self, scene: Scene) -> dict[str, Tensor]:
        from pruning.criteria.squares import squares

        return {name: square.float() for name, square in squares(scene.weights).items()}
