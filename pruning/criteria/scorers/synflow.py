"""SynFlow: keep what carries flow from input to output, without data, in many rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class SynFlow(Scorer):
    name = "synflow"
    label = "SynFlow"
    summary = "How late a unit falls when the lowest flow is removed round after round; no data is looked at."
    formula = (
        r"R = \mathbf{1}^\top f_{|\theta|}(\mathbf{1}), \quad "
        r"f_i = \left| w_i \frac{\partial R}{\partial w_i} \right|, \quad "
        r"s_i = \text{share of units that fall before } i"
    )
    reference = "Tanaka et al. 2020, Pruning neural networks without any data by iteratively conserving synaptic flow"
    idea = (
        "A weight matters by the flow through all paths that cross it. As much flow enters a hidden unit as leaves it, "
        "so a layer of few weights has large scores and is not emptied, as long as scores follow the pruning: the "
        "density falls geometrically to 0.001 and each round scores again. One order of units answers all levels."
    )
    cost = (
        "A forward and backward pass of one image of ones per round, in double precision, on a copy; the rounds cover "
        "all levels at once."
    )
    fails = (
        "Refused where flow is not proportional to the weights: ReLU6, GELU, SiLU, Hardswish, tanh, LayerNorm, "
        "attention. Biases, and shifts and means of BatchNorm, are set to zero (with them the flow would not be "
        "conserved). The rounds go to a density of 0.001, not the level that was asked for as in the paper: one "
        "order serves all levels, and fewer rounds lie before a low one. It never sees data, so on a trained network "
        "it is no match for criteria that do."
    )
    family = "data-free"
    rank = 50

    rounds: int = Field(100, ge=1, le=1000, description="Rounds, in which the density falls from 1 to 0.001.")

    def score(self, scene: Scene) -> dict[str, Tensor]:
        """The flow before the first round, as shares of the largest; ``finish`` goes through the rounds with it."""
        from pruning.criteria.synaptic_flow import Flow

        return {name: score.float() for name, score in Flow(scene).scores().items()}

    def finish(self, units: dict[str, Tensor], scene: Scene) -> dict[str, Tensor]:
        from pruning.criteria.synaptic_flow import removal_order

        return removal_order(scene, self.rounds)
