"""BatchNorm scale: channels that the norm multiplies by little do little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class BatchNormScale(Scorer):
    name = "batch_norm_scale"
    label = "BatchNorm scale"
    summary = "The absolute scale |gamma| of the BatchNorm that follows the channel."
    formula = r"s_c = |\gamma_c|"
    reference = "Liu et al. 2017, Learning Efficient Convolutional Networks through Network Slimming"
    idea = "A channel's output is multiplied by gamma: where it is near zero, the channel says nearly nothing."
    cost = "One image passes, to see which norm follows which layer."
    fails = (
        "Without training under a penalty on gamma the scales are all of one size; the shift still passes a constant "
        "on; networks without BatchNorm have nothing to score."
    )
    gives = "channels"
    lacks = "has no BatchNorm behind it"
    rank = 21

    def score(self, scene: Scene) -> dict[str, Tensor]:
        from torch import nn

        from pruning.network.activations import following_norms

        norms, found = following_norms(scene), {}
        for name, weight in scene.weights.items():
            norm = norms.get(name)
            if isinstance(norm, nn.modules.batchnorm._BatchNorm) and norm.weight is not None:
                found[name] = norm.weight.detach().abs().float().view(-1, *(1,) * (weight.ndim - 1))
        return found
