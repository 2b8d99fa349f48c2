"""Not in the middle: each picture moves in a direction drawn by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class Shifted(Corruption):
    name = "shift"
    label = "Shift"
    summary = "Moved in one of eight directions, by 4 to 22 per cent of the side."
    rank = 80

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        import torch

        share = (0.04, 0.08, 0.12, 0.17, 0.22)[severity - 1]
        ways = torch.tensor([(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b])
        ways = ways[torch.randint(0, len(ways), (len(pictures),), generator=generator)].to(pictures.device)
        places = []
        for side, way in zip(pictures.shape[2:], ways.T, strict=True):
            far = max(severity, round(share * side)) if side > 2 * severity else 1
            at = torch.arange(side, device=pictures.device)
            places.append((at + far * way[:, None]).clamp(0, side - 1))  # the border goes on
        image = torch.arange(len(pictures), device=pictures.device)[:, None, None]
        return pictures.movedim(1, -1)[image, places[0][:, :, None], places[1][:, None, :]].movedim(-1, 1)
