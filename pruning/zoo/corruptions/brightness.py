"""Brighter: a share of the way to white."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class Brighter(Corruption):
    name = "brightness"
    label = "Bright"
    summary = "Everything comes nearer to white: too much light."
    rank = 50

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        share = (0.1, 0.2, 0.3, 0.4, 0.5)[severity - 1]
        return pictures + share * (1 - pictures)
