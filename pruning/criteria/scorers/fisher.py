"""Empirical Fisher: squared gradients of single images as a stand-in for curvature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class Fisher(Scorer):
    name = "fisher"
    label = "Fisher (empirical, diagonal)"
    summary = "Half the squared weight times the mean of each image's squared gradient."
    formula = r"s_i = \frac{w_i^2}{2N} \sum_{n=1}^{N} \left( \frac{\partial L_n}{\partial w_i} \right)^2"
    reference = "Theis et al. 2018, Faster Gaze Prediction with Dense Networks and Fisher Pruning"
    idea = "Where single images pull hard at a weight the loss is curved, so removing it costs more."
    cost = "A gradient for every single image, in chunks that fit the memory: several times a plain backward pass."
    fails = (
        "The empirical Fisher is not the Hessian, least of all where the network is wrong or over-confident: images "
        "that are classified well have gradients near zero and count for nothing."
    )
    needs = "gradients"
    family = "second order"
    draws = True
    rank = 40

    samples: int = Field(500, ge=10, le=50_000, description="Training images, drawn by the seed.")

    def score(self, scene: Scene) -> dict[str, Tensor]:
        from pruning.criteria.squares import squares
        from pruning.network.curvature import squared_gradients

        curvature = squared_gradients(scene, self.samples)
        return {name: (square * curvature[name] / 2).float() for name, square in squares(scene.weights).items()}
