"""Pictures of a split as a corruption leaves them: from what the network takes to black and white, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from pruning.common.errors import Incompatible
from pruning.zoo.folders import FolderSplit, preprocessing
from pruning.zoo.kinds import corruptions

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.zoo.base import Base

LOOKED = 500
"""Pictures by whose lowest and highest numbers black and white are told, where a split does not say its mean."""


def scale_of(split: Any) -> tuple[Tensor, Tensor]:
    """The numbers that stand for black and for white in the pictures of a split, ``(1, channels, 1, 1)`` each.

    Of a split that says neither mean nor deviation, the lowest and the highest number of its first pictures.
    """
    about = preprocessing() if isinstance(split, FolderSplit) else split
    if hasattr(about, "mean") and hasattr(about, "std"):
        mean, std = (torch.tensor(values, dtype=torch.float32).view(1, -1, 1, 1) for values in (about.mean, about.std))
        return -mean / std, (1 - mean) / std
    first = split.batch(0, min(LOOKED, len(split)))[0].float()
    low, high = (first.amin((0, 2, 3), keepdim=True), first.amax((0, 2, 3), keepdim=True))
    return low, torch.where(high > low, high, low + 1)


class Corrupted:
    """Batches of a split, corrupted; ``len``, ``labels`` and ``batch`` are as those of the split.

    Chance hangs on the corruption and on the batch's first position, not on the severity or the device: a picture is
    the same whoever looks, in batches of one size.

    Raises:
        Incompatible: what the split holds are no pictures.
        UnknownName: no such corruption.
    """

    def __init__(self, base: Base, split: Any, name: str, severity: int) -> None:
        self.entry = corruptions[name]()
        if base.task.name != "image_classification":
            raise Incompatible(
                f"{self.entry.label} is for pictures, and {base.model} sees {base.task.unit}: there is no such test."
            )
        self.split, self.severity, self.labels = split, severity, split.labels
        self.black, self.white = scale_of(split)

    def __len__(self) -> int:
        return len(self.split)

    def pictures(self, start: int, stop: int) -> Tensor:
        """The corrupted pictures, 0 black to 1 white."""
        inputs = self.split.batch(start, stop)[0].float()
        clean = ((inputs - self.black) / (self.white - self.black)).clamp(0, 1)
        generator = torch.Generator().manual_seed(start + 1_000_003 * self.entry.rank)
        return self.entry.change(clean, self.severity, generator)

    def batch(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Corrupted pictures as the network takes them, and their labels."""
        return self.black + self.pictures(start, stop) * (self.white - self.black), self.labels[start:stop]
