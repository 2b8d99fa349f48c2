"""Unknown: quarters of four different pictures, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class Tiles(Corruption):
    name = "tiles"
    label = "Quarters of four pictures"
    summary = "Quarters of four different pictures, put together."
    rank = 220
    keeps_label = False

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        from torch import cat

        down, right = pictures.shape[2] // 2, pictures.shape[3] // 2
        one, two, three = (pictures.roll(step, 0) for step in (1, 2, 3))
        top = cat([pictures[:, :, :down, :right], one[:, :, :down, right:]], 3)
        return cat([top, cat([two[:, :, down:, :right], three[:, :, down:, right:]], 3)], 2)
