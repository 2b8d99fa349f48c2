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
    parts = 1000
    version = 2
    """2: behind masks of other units every layer has the pattern that the level asks for; a level just below that of a
    pattern is lowered to the one before, in small layers too."""

    @classmethod
    def version_in(cls, recipe: Sequence[Any]) -> int:
        step = recipe[-1]
        entry = cls(**step.granularity_options)
        bounded = any(getattr(one, "granularity", "") == cls.name and one.allocation_options for one in recipe)
        # Below the middle between two patterns no layer was rounded up, however small.
        above = step.sparsity * entry.m % 1000 >= 450 and step.sparsity not in entry.stops()
        return cls.version if bounded or above or other_masks(recipe) else 1

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
        """The levels of the patterns, which stand for k / M in whole per mille."""
        return tuple(round(1000 * k / self.m) for k in range(self.m + 1))

    def said(self, level: int) -> str:
        """A level as the pattern that it gives: ``2:4``."""
        from bisect import bisect_right

        return f"{self.m + 1 - bisect_right(self.stops(), level)}:{self.m}"

    def settle(self, removed: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Whole k of M: the most whose level the budget covers, so that caps and dense ends hold. A level in whole per
        mille stands for the nearest pattern (333 for one of three); no other one is rounded up to it."""
        import numpy as np

        # One part more: a share that was solved for may fall short of its level by the last digit.
        level = (removed + 1) * 1000 // (sizes[:, None] * self.parts)
        return (np.searchsorted(self.stops(), level, "right") - 1) * (sizes[:, None] // self.m)
