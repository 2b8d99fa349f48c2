"""Activation frequency: units that seldom fire do little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class ActivationFrequency(Scorer):
    name = "activation_frequency"
    label = "Activation frequency"
    summary = (
        "The share of inputs and positions at which the unit fires: what leaves it, behind the norm that follows, is "
        "above zero. That is just where ReLU, ReLU6, GELU or SiLU of it is. APoZ is one minus this."
    )
    formula = r"s_c = \frac{1}{N P} \sum_{n, p} \left[ a_{n, c, p} > 0 \right] = 1 - \mathrm{APoZ}_c"
    reference = "Hu et al. 2016, Network Trimming (APoZ, the average percentage of zeros, is its complement)"
    idea = "A unit that is silent for nearly every input can be removed."
    cost = "One forward pass over the sample of training images."
    fails = "A unit that seldom fires may be the one that tells a rare class; a unit that always fires may be constant."
    needs = "activations"
    family = "activations"
    gives = "channels"
    lacks = "is never called by itself, so that its output is not seen"
    draws = True
    rank = 60

    samples: int = Field(1000, ge=10, le=50_000, description="Training images, drawn by the seed.")

    def score(self, scene: Scene) -> dict[str, Tensor]:
        from pruning.network.activations import channel_means

        return channel_means(scene, self.samples, lambda values: (values > 0).float().mean(2).sum(0))
