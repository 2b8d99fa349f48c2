"""SNIP: how sensitive the loss is to a connection's gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class SNIP(Scorer):
    name = "snip"
    label = "SNIP"
    summary = "The absolute slope of the loss along a gate on the weight, at the gate's value of one."
    formula = r"s_i = \left| \frac{\partial L(c \odot w)}{\partial c_i} \right|_{c=1} = |w_i g_i|"
    reference = "Lee et al. 2019, SNIP: Single-shot Network Pruning based on Connection Sensitivity"
    idea = (
        "Made for initial weights: keep the connections that the loss would miss most, before any training. The gates' "
        "slopes are the weights times their gradients, so that single weights rank as by gradient × weight and by all "
        "three Taylor scores; units rank as by Σ |w g|. The paper's division by the sum of all changes no order."
    )
    cost = "One forward and backward pass over the sample of training images."
    fails = (
        "In one shot at high sparsity it can empty a whole layer. On a trained network the mean gradient is close to "
        "zero, and so the score is mostly noise."
    )
    needs = "gradients"
    family = "gradients"
    draws = True
    rank = 34

    samples: int = Field(1000, ge=10, le=50_000, description="Training images, drawn by the seed.")

    def score(self, scene: Scene) -> dict[str, Tensor]:
        gradients = scene.gradients(self.samples)
        return {name: (weight * gradients[name]).abs().float() for name, weight in scene.weights.items()}
