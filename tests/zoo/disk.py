"""Small data sets in the true on-disk formats: CIFAR's pickles, MNIST's IDX, trees of JPEG files.

Every image carries its own number and label in its pixels, so that a test can tell which image came out where.
"""

from __future__ import annotations

import hashlib
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


def numbered(count: int, first: int, classes: int, shape: tuple[int, ...]) -> tuple[np.ndarray, list[int]]:
    """uint8 images ``(count, *shape)``: the first two values are number and label, the others noise."""
    labels = [(first + i) % classes for i in range(count)]
    images = np.random.RandomState(first).randint(0, 256, (count, *shape)).astype("uint8")
    flat = images.reshape(count, -1)
    flat[:, 0], flat[:, 1] = np.arange(first, first + count), labels
    return images, labels


def cifar(folder: Path, source: Any, monkeypatch: pytest.MonkeyPatch, key: str, names: tuple[str, ...]) -> None:
    """CIFAR files of 20 images each; torchvision's table of checksums is made to fit, and nothing else of it."""
    place = folder / source.base_folder
    place.mkdir(parents=True)

    def write(name: str, content: Any) -> str:
        raw = pickle.dumps(content, protocol=2)
        (place / name).write_bytes(raw)
        return hashlib.md5(raw).hexdigest()

    first, lists = 0, {}
    for attribute in ("train_list", "test_list"):
        lists[attribute] = []
        for name, _ in getattr(source, attribute):
            images, labels = numbered(20, first, len(names), (3 * 32 * 32,))
            lists[attribute].append([name, write(name, {"data": images, key: labels})])
            first += 20
        monkeypatch.setattr(source, attribute, lists[attribute])
    meta = source.meta
    monkeypatch.setattr(source, "meta", {**meta, "md5": write(meta["filename"], {meta["key"]: list(names)})})


def idx(values: np.ndarray) -> bytes:
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.astype("uint8").tobytes()


def mnist_files(train: int = 24, test: int = 5) -> dict[str, bytes]:
    """The four files, by the names that they have unpacked."""
    files = {}
    for part, first, count in (("train", 0, train), ("t10k", 100, test)):
        images, labels = numbered(count, first, 10, (28, 28))
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(np.array(labels))
    return files


def mnist(folder: Path) -> None:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in mnist_files().items():
        (raw / name).write_bytes(content)


def jpegs(folder: Path, counts: dict[str, int], suffix: str = ".JPEG") -> None:
    """One subfolder for each class, with that many images of differing sizes; classes differ by their grey value."""
    for position, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            noise = np.random.RandomState(100 * position + i).randint(0, 20, (40 + i % 7, 60, 3)).astype("uint8")
            Image.fromarray(noise + np.uint8(20 * position)).save(folder / name / f"{name}_{i}{suffix}")
