"""Out of focus: a Gaussian blur."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class Blur(Corruption):
    name = "blur"
    label = "Blur"
    summary = "Out of focus: a Gaussian blur."
    rank = 30

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        from pruning.zoo.vision import torchvision

        sigma = (0.02, 0.035, 0.05, 0.075, 0.1)[severity - 1] * min(pictures.shape[-2:])
        size = 2 * max(1, min(round(3 * sigma), (min(pictures.shape[-2:]) - 1) // 2)) + 1
        return torchvision().transforms.functional.gaussian_blur(pictures, [size, size], [sigma, sigma])
