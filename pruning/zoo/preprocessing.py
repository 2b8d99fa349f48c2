"""How a picture becomes what a network takes, as the network's authors say. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Preprocessing:
    """The shorter side is scaled to ``resize``, the middle of ``size`` is cut out, colours from 0 to 1 are normalised.

    Attributes:
        size: height and width of what the network takes, in pixels.
        resize: shorter side before the middle is cut out, in pixels.
        mean, std: of each channel, for colours from 0 to 1.
        interpolation: "bilinear", "bicubic", "nearest" or "lanczos".
    """

    size: tuple[int, int] = (224, 224)
    resize: int = 256
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    interpolation: str = "bilinear"

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Preprocessing:
        """What ``said()`` wrote, read back from JSON."""
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in said.items()}
        return cls(**values)

    def said(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def words(self) -> str:
        """In a few words: "256 → 224x224 pixels, bilinear, mean 0.485 0.456 0.406, deviation 0.229 0.224 0.225"."""
        height, width = self.size
        mean, std = (" ".join(f"{value:.3g}" for value in values) for values in (self.mean, self.std))
        return f"{self.resize} → {height}x{width} pixels, {self.interpolation}, mean {mean}, deviation {std}"
