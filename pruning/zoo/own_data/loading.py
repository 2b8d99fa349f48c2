"""Splits of what people added, as networks take them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from pruning.zoo.data import RowSplit
from pruning.zoo.own_data.pictures import PictureSplit
from pruning.zoo.preprocessing import Preprocessing

if TYPE_CHECKING:
    from pruning.zoo.kinds import Split


def loaded(folder: Path, split: str, channels: int, ready: Preprocessing, columns: tuple[str, ...]) -> Split:
    """A split of what lies in this folder.

    Args:
        channels, ready: of its pictures, until a network says otherwise.
        columns: names of a table's inputs.

    Raises:
        OSError, ValueError, EOFError: its files were changed, or are gone.
    """
    places = torch.from_numpy(np.load(folder / f"{split}.npy", allow_pickle=False))
    labels = torch.from_numpy(np.load(folder / "labels.npy", allow_pickle=False))[places]
    if (table := folder / "inputs.npy").exists():
        inputs = torch.from_numpy(np.load(table, allow_pickle=False, mmap_mode="r")[places.numpy()])
        return RowSplit(inputs, labels, columns)
    if (array := folder / "pictures.npy").exists():
        return PictureSplit(np.load(array, allow_pickle=False, mmap_mode="r"), places, labels, ready, channels)
    names = json.loads((folder / "files.json").read_text(encoding="utf-8"))
    files = tuple(folder / "pictures" / name[:2] / name for name in names)
    return PictureSplit(files, places, labels, ready, channels)
