"""Too few pixels: the mean of each block, made large again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class Pixelate(Corruption):
    name = "pixelate"
    label = "Pixelation"
    summary = "Fewer pixels, made large again: a far object."
    rank = 100

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        from torch.nn import functional as F

        size = pictures.shape[2:]
        left = (0.75, 0.55, 0.4, 0.28, 0.18)[severity - 1]
        small = F.adaptive_avg_pool2d(pictures, (max(1, round(left * size[0])), max(1, round(left * size[1]))))
        return F.interpolate(small, size=tuple(size), mode="nearest-exact")
