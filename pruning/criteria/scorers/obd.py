"""Optimal Brain Damage: half the squared weight times the Hessian's diagonal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class OBD(Scorer):
    name = "obd"
    label = "OBD (Hessian diagonal)"
    summary = "Half the squared weight times the curvature of the loss along it."
    formula = r"s_i = \tfrac{1}{2} \, |\hat{H}_{ii}| \, w_i^2, \quad \hat{H}_{ii} = \overline{z_i (H z)_i}"
    reference = "LeCun et al. 1990, Optimal Brain Damage; Bekas et al. 2007 for the estimate of the diagonal"
    idea = "At a minimum the slope is zero, so curvature decides what a removed weight costs."
    cost = (
        "A gradient with its graph over the sample, and for each draw of random signs a backward pass through it: "
        "three to four times the bare passes, for every draw. The error falls with the root of the draws: for a tenth "
        "of it take a hundred times as many."
    )
    fails = (
        "Exact for one deletion at a minimum of a quadratic; elsewhere it leaves out the slope and what weights do "
        "together. With the usual 8 draws the diagonal is mostly noise: on one batch of a small dense and a small "
        "convolutional network it misses the exact one by 0.8 and 1.8 times its norm, by 0.25 and 0.8 with 64 draws, "
        "by 0.06 and 0.2 with 1,000. The noise is the curvature between weights: nearly half of a network's "
        "estimates are negative, though in a ReLU network the exact diagonal equals Gauss-Newton's and never is. With "
        "their sign they would put the weights of the strongest curvature first; so it is left out, if not asked for."
    )
    needs = "gradients"
    family = "second order"
    draws = True
    rank = 41

    samples: int = Field(500, ge=10, le=50_000, description="Training images, drawn by the seed.")
    probes: int = Field(8, ge=1, le=1000, description="Draws of random signs per batch, for Hutchinson's estimate.")
    signed: bool = Field(False, description="Whether negative estimates score below zero, as in the formula of 1990.")

    def score(self, scene: Scene) -> dict[str, Tensor]:
        from pruning.criteria.squares import squares
        from pruning.network.curvature import hessian_diagonal

        diagonal = hessian_diagonal(scene, self.samples, self.probes)
        scores = {name: (square * diagonal[name] / 2).float() for name, square in squares(scene.weights).items()}
        return scores if self.signed else {name: score.abs() for name, score in scores.items()}
