"""Unknown: pixels drawn by chance, which show nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class UniformNoise(Corruption):
    name = "uniform_noise"
    label = "Pixels by chance"
    summary = "Pixels drawn by chance: inputs that show nothing."
    rank = 200
    keeps_label = False

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        import torch

        return torch.rand(pictures.shape, generator=generator).to(pictures)
