"""HRank: channels whose feature maps have a low rank carry little information."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.network.scene import Scene


@scorers.register
class HRank(Scorer):
    name = "hrank"
    label = "HRank (rank of feature maps)"
    summary = (
        "The mean numerical rank of the channel's feature map, behind the norm that follows and after a ReLU. "
        "Dense layers have no map and are left alone."
    )
    formula = r"s_c = \frac{1}{N} \sum_n \operatorname{rank}(A_{n, c})"
    reference = "Lin et al. 2020, HRank: Filter Pruning using High-Rank Feature Map, equation 4"
    idea = "A map of low rank holds little information, and the paper finds that its mean hardly depends on the images."
    cost = "One forward pass and a singular value decomposition of every map: slow on large maps."
    fails = "Small maps have few ranks, so most channels tie; layers with maps of different size are not comparable."
    needs = "activations"
    family = "activations"
    gives = "channels"
    lacks = "has no feature map"
    draws = True
    rank = 62

    samples: int = Field(200, ge=10, le=50_000, description="Training images, drawn by the seed.")

    def score(self, scene: Scene) -> dict[str, Tensor]:
        import torch

        from pruning.network.activations import channel_means

        def ranks(values: Tensor) -> Tensor:
            return torch.linalg.matrix_rank(values.clamp(min=0)).float().sum(0)

        return channel_means(scene, self.samples, ranks, maps=True)
