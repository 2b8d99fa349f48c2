"""Splits of a person's pictures, made ready as each network wants them: its size, its cut, its colours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pruning.common.errors import Missing, reason
from pruning.zoo.preprocessing import Preprocessing
from pruning.zoo.vision import torchvision


@dataclass(frozen=True)
class PictureSplit:
    """Pictures and int64 labels ``(n,)``. See ``Split``.

    Attributes:
        source: files, or uint8 pictures ``(N, H, W, C)``.
        places: of this split's pictures in it.
        channels: 1: grey, 3: in colour.
    """

    source: tuple[Path, ...] | np.ndarray
    places: Tensor
    labels: Tensor
    ready: Preprocessing
    channels: int = 3

    def prepared(self, ready: Preprocessing, channels: int, order: tuple[int, ...] | None) -> PictureSplit:
        """The same pictures as another network wants them.

        Args:
            order: the output that stands for each class; None: they are counted alike.
        """
        labels = self.labels if order is None else torch.tensor(order, dtype=torch.int64)[self.labels]
        return replace(self, ready=ready, channels=channels, labels=labels)

    def __len__(self) -> int:
        return len(self.places)

    def batch(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        return self.take(torch.arange(len(self))[start:stop])

    def take(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        cut = [torch.from_numpy(self._cut(position)).movedim(-1, 0) for position in positions.tolist()]
        images = torch.stack(cut) if cut else torch.empty(0, self.channels, *self.ready.size, dtype=torch.uint8)
        shape = (1, -1, 1, 1)
        mean, std = torch.tensor(self.ready.mean).view(shape), torch.tensor(self.ready.std).view(shape)
        return images.float().div_(255).sub_(mean).div_(std), self.labels[positions]

    def picture(self, position: int) -> np.ndarray:
        image = self._cut(position)
        return image[..., 0] if self.channels == 1 else image

    def _cut(self, position: int) -> np.ndarray:
        """uint8 ``(H, W, C)``: the shorter side scaled, the middle cut out."""
        functional = torchvision().transforms.functional
        mode = torchvision().transforms.InterpolationMode(self.ready.interpolation)
        image = self._decoded(position).convert("L" if self.channels == 1 else "RGB")
        if min(image.size) != self.ready.resize:
            image = functional.resize(image, [self.ready.resize], mode)
        return np.array(functional.center_crop(image, list(self.ready.size))).reshape(*self.ready.size, self.channels)

    def _decoded(self, position: int) -> Any:
        """The picture as it is to be seen, of 8 bits.

        Raises:
            Missing: its file is gone or was changed.
        """
        from PIL import Image

        from pruning.zoo.raw.pictures import upright

        place = int(self.places[position])
        if isinstance(self.source, np.ndarray):
            pixels = np.asarray(self.source[place])
            return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
        try:
            with Image.open(self.source[place]) as image:
                return upright(image)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise Missing(
                f"The picture {self.source[place]} cannot be read any more ({reason(error)}): add the data again."
            ) from None
