"""Something is in front: a grey square at a place drawn by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class Occluded(Corruption):
    name = "occlusion"
    label = "Occlusion"
    summary = "A grey square covers 4 to 36 per cent of the picture."
    rank = 110

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        import torch

        share = (0.2, 0.3, 0.4, 0.5, 0.6)[severity - 1]
        middle = torch.rand(2, len(pictures), generator=generator).to(pictures.device)
        inside = []
        for side, at in zip(pictures.shape[2:], middle, strict=True):
            wide = share * side
            begin = at * (side - wide)
            place = torch.arange(side, device=pictures.device) + 0.5
            inside.append((place >= begin[:, None]) & (place < begin[:, None] + wide))
        square = inside[0][:, None, :, None] & inside[1][:, None, None, :]
        return torch.where(square, torch.full_like(pictures, 0.5), pictures)
