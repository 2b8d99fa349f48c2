"""N of each M neighbours along the input channels are kept: the pattern that sparse tensor cores read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.criteria.kinds import Granularity, granularities, other_masks

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from pruning.network.scene import Scene
    from pruning.network.units import Layout

SLACK = 0.05
"""What a level in whole per mille may fall short of k / M (333 per mille means one of three), in weights of M."""


@granularities.register
class NM(Granularity):
    """Keep N of each M neighbours: 2:4 at 500 per mille, 1:4 at 750. N is what is *kept*."""

    name = "n_m"
    label = "N:M pattern"
    summary = (
        "N of each M neighbours along the input channels are kept. NVIDIA GPUs from Ampere on run 2:4 faster. "
        "A level between two patterns is lowered to the one that removes less."
    )
    reference = "Zhou et al. 2021; Mishra et al. 2021"
    rank = 20
    single = True
    allocations = ("uniform",)
    version = 2
    """2: behind masks of other units, or of layers unlike, every layer has the pattern that the level asks for."""

    @classmethod
    def version_in(cls, recipe: Sequence[Any]) -> int:
        return cls.version if other_masks(recipe) else 1

    m: int = Field(4, ge=2, le=32, description="Neighbours in a group, along the input channels.")

    def layout(self, scene: Scene) -> Layout:
        """Single weights of the layers whose input channels (those of one convolution group) M divides."""
        from pruning.network.units import Layout

        shapes = {name: tuple(weight.shape) for name, weight in scene.weights.items()}
        fits = {name: shape for name, shape in shapes.items() if shape[1] % self.m == 0}
        skipped = {
            name: f"its {shape[1]} input {'channel is' if shape[1] == 1 else 'channels are'} not a multiple of {self.m}"
            for name, shape in shapes.items()
            if name not in fits
        }
        return Layout(Layout.singles(fits).groups, skipped, self.m)

    def order(self, units: dict[str, Tensor]) -> dict[str, Tensor]:
        """Each weight's place, 0 to M - 1, among its M neighbours in the order of their scores; of ties the first is
        lowest. What is masked in every group of M alike keeps the mark of masked weights."""
        return {name: self._places(scores) for name, scores in units.items()}

    def _places(self, scores: Tensor) -> Tensor:
        import torch

        from pruning.criteria.ranking import MASKED

        grouped = scores.movedim(1, -1).unflatten(-1, (-1, self.m))
        places = grouped.argsort(dim=-1, stable=True).argsort(-1)
        everywhere = int((grouped == MASKED).sum(-1).min())
        found = torch.where(places < everywhere, MASKED, places.float())
        return found.flatten(-2).movedim(-1, 1).contiguous()

    def stops(self) -> tuple[int, ...]:
        return tuple(round(1000 * k / self.m) for k in range(self.m + 1))

    def said(self, level: int) -> str:
        """A level as the pattern that it gives: ``2:4``."""
        return f"{self.m - int(level * self.m / 1000 + SLACK)}:{self.m}"

    def settle(self, removed: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Whole k of M: the most that the budget covers, so that caps and dense ends hold."""
        import numpy as np

        k = np.floor(removed * self.m / sizes[:, None] + SLACK).astype(np.int64)
        return k * (sizes[:, None] // self.m)
