"""Small data sets that torchvision reads from ``data_root()``, cut into the three fixed splits as tensors."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import torch

from pruning.common.errors import Missing, reason
from pruning.zoo.data import TensorSplit, train_validation_order
from pruning.zoo.kinds import Dataset
from pruning.zoo.places import data_root

Numbers = tuple[float, ...]


def held_out(count: int, share: int, split: str) -> np.ndarray:
    """Positions of ``train`` or ``validation`` in a training set of ``count`` images; validation gets ``1 / share``."""
    order, validation = train_validation_order(count), max(1, count // share)
    return order[: count - validation] if split == "train" else order[count - validation :]


def tensor_split(
    entry: Dataset, source: Any, split: str, *, folder: str, share: int, mean: Numbers, std: Numbers
) -> TensorSplit:
    """A split read by torchvision's own reader, which checks CIFAR's published checksums before it opens a file.

    Args:
        source: torchvision's class, of the kind that takes ``train=True`` or ``False``.
        folder: where below ``data_root()`` its files lie.
        share: one in so many training images is held out for validation.

    Raises:
        Missing: the files are not there, or are damaged.
    """
    place = data_root() / folder
    get = f"'python -m pruning data {entry.name}' downloads it ({entry.megabytes} MB)"
    if not place.is_dir():
        raise Missing(f"{entry.label} is not on this machine: {get}, or put its files into {place}.")
    try:
        whole = source(data_root(), train=split != "test", download=False)
        images, labels = torch.as_tensor(whole.data), torch.as_tensor(whole.targets, dtype=torch.int64)
        images = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)
        if len(images) != len(labels) or tuple(images.shape[1:]) != entry.shape:
            raise ValueError(f"{len(images)} images of {tuple(images.shape[1:])} and {len(labels)} labels")
    except (
        RuntimeError,
        OSError,
        ValueError,
        TypeError,
        AssertionError,
        EOFError,
        KeyError,
        pickle.UnpicklingError,
    ) as error:
        raise Missing(
            f"{entry.label} in {place} is incomplete or damaged ({reason(error)}); remove that folder, then {get}."
        ) from None
    if split != "test":
        chosen = torch.from_numpy(held_out(len(labels), share, split))
        images, labels = images[chosen], labels[chosen]
    return TensorSplit(images.contiguous(), labels, mean, std)
