"""Pictures as people have them, drawn by chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def drawn(number: int, size: tuple[int, int] = (28, 28), mode: str = "RGB") -> Image.Image:
    """A picture that no other number gives."""
    shape = (size[1], size[0], 3)
    return Image.fromarray(np.random.RandomState(number).randint(0, 256, shape).astype("uint8")).convert(mode)


def fill(folder: Path, classes: dict[str, int], first: int = 0, size: tuple[int, int] = (28, 28)) -> Path:
    """One subfolder for each class with so many pictures, all different."""
    for name, count in classes.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for _ in range(count):
            drawn(first, size).save(folder / name / f"{first}.png")
            first += 1
    return folder
