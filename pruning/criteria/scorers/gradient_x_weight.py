"""Gradient times weight: the first-order change of the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class GradientXWeight(Scorer):
    name = "gradient_x_weight"
    label = "Gradient × weight"
    summary = "How much the loss would change, to first order, if the weight were zero."
    formula = r"s_i = \left| w_i \, \frac{\partial L}{\partial w_i} \right|"
    reference = "Mozer & Smolensky 1989, Skeletonization; Lee et al. 2019 (SNIP) for the score at initialisation"
    idea = "Setting a weight to zero changes the loss by about -w times its gradient: keep where that is large."
    cost = "One forward and backward pass over the sample of training images."
    fails = (
        "In a well trained network the mean gradient is close to zero, so the first-order score is mostly noise; "
        "it says nothing about weights that are removed together."
    )
    needs = "gradients"
    family = "gradients"
    draws = True
    rank = 30

    samples: int = Field(1000, ge=10, le=50_000, description="Training images for the gradient, drawn by the seed.")

    def score(self, scene: Scene) -> dict[str, Tensor]:
        gradients = scene.gradients(self.samples)
        return {name: (weight * gradients[name]).abs().float() for name, weight in scene.weights.items()}
