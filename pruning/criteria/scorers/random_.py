"""Random: the control that every criterion has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class Random(Scorer):
    name = "random"
    label = "Random (control)"
    summary = "A number drawn by chance for every weight."
    formula = r"s_i \sim \mathcal{U}(0, 1)"
    reference = "Blalock et al. 2020, What is the State of Neural Network Pruning?"
    idea = "A control: a criterion that does not beat it has learnt nothing about the network."
    cost = "No data and no pass."
    fails = "Always, and that is its use: the distance to it is what a criterion knows."
    family = "control"
    draws = True
    rank = 90

    def score(self, scene: Scene) -> dict[str, Tensor]:
        import torch

        generator = scene.generator()
        # Drawn on the CPU, so that every device gives the same mask.
        return {name: torch.rand(w.shape, generator=generator).to(w.device) for name, w in scene.weights.items()}
