"""Splits too large for memory: image files, decoded when they are asked for, as ImageNet's networks expect them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pruning.common.errors import Missing, reason
from pruning.common.limits import ENTRIES
from pruning.zoo.data import train_validation_order
from pruning.zoo.preprocessing import Preprocessing
from pruning.zoo.vision import torchvision

RESIZE, CROP = 256, 224


@cache
def preprocessing() -> Any:
    """torchvision's preset for ImageNet: shorter side to 256, centre crop of 224, ImageNet's mean and deviation."""
    return torchvision().models.ResNet18_Weights.IMAGENET1K_V1.transforms()


@lru_cache(maxsize=ENTRIES)
def made_ready(asked: Preprocessing) -> Any:
    """A picture of PIL in RGB as a network asks for it: float32 ``(channels, height, width)``."""
    transforms = torchvision().transforms
    how = transforms.InterpolationMode(asked.interpolation)
    grey = [transforms.Grayscale()] if len(asked.mean) == 1 else []
    return transforms.Compose(
        [
            *grey,
            transforms.Resize(asked.resize, interpolation=how),
            transforms.CenterCrop(asked.size),
            transforms.ToTensor(),
            transforms.Normalize(asked.mean, asked.std),
        ]
    )


def shuffled(files: Sequence[tuple[Path, int]]) -> list[tuple[Path, int]]:
    """The files in one fixed order: folders list class after class, and a look at the first images must see all."""
    return [files[i] for i in train_validation_order(len(files))]


@dataclass(frozen=True)
class FolderSplit:
    """Image files and int64 labels ``(n,)``, the labels being the model's class indices. See ``Split``."""

    paths: tuple[Path, ...]
    labels: Tensor
    ready: Preprocessing | None = None
    """How pictures are made ready; None: by torchvision's preset for ImageNet."""

    @classmethod
    def of(cls, files: Sequence[tuple[Path, int]], indices: Sequence[int]) -> FolderSplit:
        """The split of ``(file, position of its class)``; ``indices`` gives the label of each position."""
        labels = torch.tensor([indices[position] for _, position in files], dtype=torch.int64)
        return cls(tuple(path for path, _ in files), labels)

    def relabelled(self, indices: Sequence[int]) -> FolderSplit:
        """The same images, with another label in the place of each."""
        return replace(self, labels=torch.tensor(indices, dtype=torch.int64)[self.labels])

    def prepared(self, ready: Preprocessing) -> FolderSplit:
        """The same images, made ready otherwise."""
        return replace(self, ready=ready)

    def __len__(self) -> int:
        return len(self.paths)

    def batch(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        return self.take(torch.arange(len(self))[start:stop])

    def take(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        ready = preprocessing() if self.ready is None else made_ready(self.ready)
        images = [ready(self._decoded(position)) for position in positions.tolist()]
        shape = (3, CROP, CROP) if self.ready is None else (len(self.ready.mean), *self.ready.size)
        return torch.stack(images) if images else torch.empty(0, *shape), self.labels[positions]

    def picture(self, position: int) -> np.ndarray:
        functional = torchvision().transforms.functional
        return np.asarray(functional.center_crop(functional.resize(self._decoded(position), [RESIZE]), [CROP]))

    def _decoded(self, position: int) -> Any:
        """The image in RGB.

        Raises:
            Missing: the file is gone, or is not an image, or one whose numbers have no known range.
        """
        from PIL import Image

        from pruning.zoo.raw.pictures import rgb

        path = self.paths[position]
        try:
            with Image.open(path) as image:
                return rgb(image)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise Missing(
                f"The image {path} cannot be read ({reason(error)}): restore it, or remove it from the folder."
            ) from None
