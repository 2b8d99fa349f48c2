"""Less contrast: everything comes nearer to the mean of its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class LessContrast(Corruption):
    name = "contrast"
    label = "Low contrast"
    summary = "Everything comes nearer to the mean of its picture: fog."
    rank = 40

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        left = (0.75, 0.55, 0.4, 0.25, 0.15)[severity - 1]
        mean = pictures.mean((1, 2, 3), keepdim=True)
        return mean + left * (pictures - mean)
