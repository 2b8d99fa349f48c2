"""Darker: a share of the light is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pruning.zoo.kinds import Corruption, corruptions

if TYPE_CHECKING:
    from torch import Generator, Tensor


@corruptions.register
class Darker(Corruption):
    name = "darkness"
    label = "Dark"
    summary = "A share of the light is gone."
    rank = 60

    def change(self, pictures: Tensor, severity: int, generator: Generator) -> Tensor:
        return pictures * (0.8, 0.6, 0.45, 0.3, 0.2)[severity - 1]
