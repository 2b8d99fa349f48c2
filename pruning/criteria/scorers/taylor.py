"""Three scores that all go by the name of Taylor; they differ for groups of weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


COST = "One forward and backward pass over the sample of training images."
FAILS = (
    "To first order only: it says nothing about weights that are removed together, and in a well trained network the "
    "mean gradient is small."
)
ALIKE = "For single weights all three rank as gradient × weight and SNIP do; for units they differ."
REFERENCE = "Molchanov et al. 2017, Pruning Convolutional Neural Networks for Resource Efficient Inference"


class _Taylor(Scorer):
    """What the three share."""

    cost = COST
    fails = FAILS
    needs = "gradients"
    family = "gradients"
    draws = True

    samples: int = Field(1000, ge=10, le=50_000, description="Training images for the gradient, drawn by the seed.")

    def products(self, scene: Scene) -> dict[str, Tensor]:
        """Weight times gradient, with its sign, float32."""
        gradients = scene.gradients(self.samples)
        return {name: (weight * gradients[name]).float() for name, weight in scene.weights.items()}


@scorers.register
class TaylorAbsSum(_Taylor):
    name = "taylor_abs_sum"
    label = "Taylor |Σ w g|"
    summary = "The absolute value of the summed products: what removing the whole unit changes, to first order."
    formula = r"s_U = \left| \sum_{i \in U} w_i \frac{\partial L}{\partial w_i} \right|"
    reference = f"{REFERENCE}, for groups of weights"
    idea = (
        "Changes of opposite sign within a unit cancel, as they do in the loss. The absolute value is taken after the "
        f"reduction: with the sum or the mean it is this score, with L2 the signs are lost before. {ALIKE}"
    )
    rank = 31

    def score(self, scene: Scene) -> dict[str, Tensor]:
        return self.products(scene)

    def finish(self, units: dict[str, Tensor], scene: Scene) -> dict[str, Tensor]:
        return {name: unit.abs() for name, unit in units.items()}


@scorers.register
class TaylorSumAbs(_Taylor):
    name = "taylor_sum_abs"
    label = "Taylor Σ |w g|"
    summary = "The sum of the absolute products: changes within a unit do not cancel."
    formula = r"s_U = \sum_{i \in U} \left| w_i \frac{\partial L}{\partial w_i} \right|"
    reference = f"{REFERENCE}, with the absolute value inside"
    idea = f"Counts every weight's influence, whichever its direction. {ALIKE}"
    rank = 32

    def score(self, scene: Scene) -> dict[str, Tensor]:
        return {name: product.abs() for name, product in self.products(scene).items()}


@scorers.register
class TaylorSquared(_Taylor):
    name = "taylor_squared"
    label = "Taylor Σ (w g)²"
    summary = "The sum of the squared products: a few influential weights count most."
    formula = r"s_U = \sum_{i \in U} \left( w_i \frac{\partial L}{\partial w_i} \right)^2"
    reference = "Molchanov et al. 2019, Importance Estimation for Neural Network Pruning"
    idea = f"The squared change of the loss, weight by weight. {ALIKE}"
    rank = 33

    def score(self, scene: Scene) -> dict[str, Tensor]:
        from pruning.criteria.squares import squares

        return squares(self.products(scene))
