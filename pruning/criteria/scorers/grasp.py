"""GraSP: keep what the gradient's strength depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class GraSP(Scorer):
    name = "grasp"
    label = "GraSP"
    summary = "The weight times the Hessian-gradient product, with its sign: what keeps the gradient flowing."
    formula = r"s_i = w_i \, (H g)_i"
    reference = "Wang et al. 2020, Picking Winning Tickets Before Training by Preserving Gradient Flow"
    idea = (
        "Made for initial weights. Removing a weight changes the squared length of the gradient by about -2 w (H g): "
        "where w (H g) is low the gradient grows without the weight, and training goes on. The paper writes -w (H g) "
        "and removes the largest; it is the same order. There is no absolute value."
    )
    cost = "One backward pass over the sample for the gradient, and a double one for its product with the Hessian."
    fails = (
        "It keeps the gradient, not the loss: before training it may remove what carries the accuracy, and on a "
        "trained network the mean gradient is close to zero and mostly noise."
    )
    needs = "gradients"
    family = "second order"
    draws = True
    rank = 35

    samples: int = Field(500, ge=10, le=50_000, description="Training images, drawn by the seed.")
    temperature: float = Field(
        1.0, gt=0, le=1000, description="Divides the logits, which changes the order; the authors' code uses 200."
    )

    def score(self, scene: Scene) -> dict[str, Tensor]:
        import torch

        from pruning.network.curvature import hessian_product

        gradients = scene.gradients(self.samples, self.temperature)
        # A masked weight is not there: its gradient is no part of the flow.
        for name, mask in scene.masks.items():
            if name in gradients:
                gradients[name] = torch.where(mask.to(gradients[name].device), gradients[name], 0.0)
        products = hessian_product(scene, self.samples, gradients, self.temperature)
        return {name: (weight * products[name]).float() for name, weight in scene.weights.items()}
