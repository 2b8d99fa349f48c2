"""Mean activation: units whose output is small do little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class ActivationMean(Scorer):
    name = "activation_mean"
    label = "Mean activation"
    summary = (
        "The mean over inputs and positions of what leaves the unit, behind the norm that follows and after a ReLU "
        "(whatever the network's own activation is)."
    )
    formula = r"s_c = \frac{1}{N P} \sum_{n, p} \max(0, a_{n, c, p})"
    reference = "Molchanov et al. 2017, Pruning CNNs for Resource Efficient Inference, section 2.2"
    idea = "What a unit hands on is small on average, so the next layer hardly notices its absence."
    cost = "One forward pass over the sample of training images."
    fails = "The next layer's weights may make up for a small output; layers of different scale are not comparable."
    needs = "activations"
    family = "activations"
    gives = "channels"
    lacks = "is never called by itself, so that its output is not seen"
    draws = True
    rank = 61

    samples: int = Field(1000, ge=10, le=50_000, description="Training images, drawn by the seed.")

    def score(self, scene: Scene) -> dict[str, Tensor]:
        from pruning.network.activations import channel_means

        return channel_means(scene, self.samples, lambda values: values.clamp(min=0).mean(2).sum(0))
