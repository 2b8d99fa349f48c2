"""Some pixels are black or white: a damaged sensor, a bad line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class SaltAndPepper(Corruption):
    name = "salt_and_pepper"
    label = "Salt and pepper"
    summary = "Some pixels are black or white: a damaged sensor."
    rank = 20

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        import torch

        share = (0.01, 0.03, 0.06, 0.1, 0.17)[severity - 1]
        where, which = torch.rand(2, len(pictures), 1, *pictures.shape[2:], generator=generator).to(pictures.device)
        return torch.where(where < share, (which < 0.5).to(pictures.dtype), pictures)
