"""Turned: each picture to one side, drawn by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class Rotated(Corruption):
    name = "rotation"
    label = "Rotation"
    summary = "Turned to one side or the other, by 6 to 40 degrees."
    rank = 70

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        import torch
        from torch.nn import functional as F

        degrees = (6.0, 12.0, 18.0, 28.0, 40.0)[severity - 1]
        side = 2 * torch.randint(0, 2, (len(pictures),), generator=generator) - 1
        angle = torch.deg2rad(degrees * side).to(pictures)
        tall = pictures.shape[2] / pictures.shape[3]
        zero = torch.zeros_like(angle)
        rows = [
            torch.stack([angle.cos(), -angle.sin() * tall, zero], 1),
            torch.stack([angle.sin() / tall, angle.cos(), zero], 1),
        ]
        grid = F.affine_grid(torch.stack(rows, 1), list(pictures.shape), align_corners=False)
        return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False).clamp(0, 1)
