"""GraSP: keep what the gradient's strength depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria import Scorer
from pruning.registry import scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.passes import Scene


@scorers.register
class GraSP(Scorer):
    name = "grasp"
    label = "GraSP"
    summary = "The weight times the Hessian-gradient product, with its sign: what keeps the gradient flowing."
    formula = r"s_i = w_i \, (H g)_i \qquad (\text{the paper removes the largest } -w_i (H g)_i)"
    reference = "Wang et al. 2020, Picking Winning Tickets Before Training by Preserving Gradient Flow, equation 8"
    idea = "Made for initial weights: removing a weight with a low score lets the gradient grow, so training goes on."
    cost = "One backward pass for the gradient and a double one for the product."
    fails = "It says nothing about accuracy before training; on a trained network the gradient is mostly noise."
    needs = "gradients"
    family = "gradients"
    draws = True
    rank = 35

    samples: int = Field(500, ge=10, le=50_000, description="Training images, drawn by the seed.")

    temperature: float = Field(1.0, gt=0, le=1000, description="Divides the logits; the authors' code uses 200.")

    def score(self, scene: Scene) -> dict[str, Tensor]:
        from pruning.curvature import hessian_product

        products = hessian_product(scene, self.samples, temperature=self.temperature)
        return {name: weight.float() * products[name] for name, weight in scene.weights.items()}
