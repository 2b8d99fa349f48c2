"""Unknown: each picture with its own pixels in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class ShuffledPixels(Corruption):
    name = "shuffled_pixels"
    label = "Shuffled pixels"
    summary = "Each picture with its pixels in another order: its brightness without what it shows."
    rank = 210
    keeps_label = False

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        import torch

        flat = pictures.flatten(2)
        order = torch.rand(len(flat), 1, flat.shape[2], generator=generator).argsort(-1).to(pictures.device)
        return flat.gather(2, order.expand_as(flat)).view_as(pictures)
