"""Splits of images and labels, kept as tensors and served in batches."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pruning.common.environment import restore
from pruning.common.errors import BadValue, Missing, reason
from pruning.common.limits import NORMALISED_NUMBERS, WORKER_SPLITS
from pruning.zoo.kinds import SPLITS, Split, datasets
from pruning.zoo.places import data_root


@dataclass(frozen=True)
class TensorSplit:
    """A split small enough to lie in memory: uint8 images ``(n, C, H, W)``, int64 labels ``(n,)``."""

    images: Tensor
    labels: Tensor
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def _normalised(self, images: Tensor) -> Tensor:
        shape = (1, -1, 1, 1)
        mean, std = torch.tensor(self.mean).view(shape), torch.tensor(self.std).view(shape)
        return images.float().div_(255).sub_(mean).div_(std)  # in place: the same numbers, a third of the memory

    @cached_property
    def _ready(self) -> Tensor | None:
        """All images normalised, where that takes little memory: a curve reads them again and again."""
        return self._normalised(self.images) if self.images.numel() <= NORMALISED_NUMBERS else None

    def batch(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        if self._ready is not None:
            return self._ready[start:stop], self.labels[start:stop]
        return self._normalised(self.images[start:stop]), self.labels[start:stop]

    def take(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        return self._normalised(self.images[positions]), self.labels[positions]

    def picture(self, position: int) -> np.ndarray:
        image = self.images[position].permute(1, 2, 0).numpy()
        return image[..., 0] if image.shape[-1] == 1 else image


@dataclass(frozen=True)
class RowSplit:
    """A split of a table: float32 inputs ``(n, columns)`` and targets, int64 classes ``(n,)`` or float32 numbers."""

    inputs: Tensor
    labels: Tensor
    columns: tuple[str, ...] = ()
    """Names of the inputs; empty: x1, x2 …"""

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        return self.inputs[start:stop], self.labels[start:stop]

    def take(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        return self.inputs[positions], self.labels[positions]

    def row(self, position: int) -> dict[str, float]:
        """One row for people, by the names of its columns."""
        values = self.inputs[position].tolist()
        names = self.columns or [f"x{number}" for number in range(1, len(values) + 1)]
        return dict(zip(names, values, strict=True))


def load(data: str, split: str) -> Split:
    """A split of a registered data set; the last six stay in memory.

    Raises:
        UnknownName: no such data set.
        BadValue: no such split.
        Missing: the data is not on this machine; the message says how to get it.
    """
    try:
        form = datasets[data]().form()
    except Missing:
        form = ""  # loading says it better
    return _load(data, split, str(data_root()), os.environ.get("PRUNING_IMAGE_FOLDER", ""), form)


@lru_cache(maxsize=WORKER_SPLITS)
def _load(data: str, split: str, *places: str) -> Split:
    """``places`` only makes the memory distinguish what was loaded from other folders, or had another content then."""
    entry = datasets[data]()
    if split not in SPLITS:
        raise BadValue(f"There is no split '{split}': choose {', '.join(SPLITS)}.")
    loaded = entry.load(split)
    if len(loaded) == 0:
        raise Missing(f"The {split} split of {entry.label} is empty: its folder holds too few images.")
    return loaded


def batches(split: Split, count: int, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The first ``count`` images of a split in its fixed order, in batches of ``size``."""
    stop = min(count, len(split))
    for start in range(0, stop, size):
        yield split.batch(start, min(start + size, stop))


def sample(split: Split, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """``count`` images drawn without repetition by ``seed``, the same on every machine."""
    order = np.random.RandomState(seed).permutation(len(split))[: min(count, len(split))]
    return split.take(torch.from_numpy(np.sort(order)))


def train_validation_order(count: int) -> np.ndarray:
    """The fixed permutation by which a training set of ``count`` images was split before any training.

    ``RandomState`` is used since its streams are frozen by numpy's own policy.
    """
    return np.random.RandomState(20260101).permutation(count)


def read_idx(path: Path) -> np.ndarray:
    """An array in the IDX format of MNIST: uint8, of the shape its header names.

    Raises:
        Missing: the file is not there, or is damaged.
    """
    try:
        with gzip.open(path, "rb") as file:
            raw = file.read()
        dims = raw[3]
        shape = np.frombuffer(raw, ">u4", dims, 4).astype(int)
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * dims).reshape(shape)
    except (OSError, EOFError, LookupError, ValueError, zlib.error) as error:
        message = f"Cannot read {path}: {reason(error)}; {restore(path)}."
        raise Missing(message) from None
