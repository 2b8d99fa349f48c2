"""Noise of a camera in the dark: a number drawn for each pixel is added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class GaussianNoise(Corruption):
    name = "gaussian_noise"
    label = "Noise"
    summary = "A number drawn for each pixel is added: a camera in the dark."
    rank = 10

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        import torch

        spread = (0.04, 0.08, 0.12, 0.18, 0.26)[severity - 1]
        drawn = torch.randn(pictures.shape, generator=generator).to(pictures.device)
        return (pictures + spread * drawn).clamp(0, 1)
