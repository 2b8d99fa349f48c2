"""Pictures of strangers: looked at whole, counted, copied under the hash of their bytes. No torch.

Every picture is decoded once here, within limits of memory and time; what cannot be is left out and named. Names are
never used for writing. Two roads lead here: a folder, and a zip, whose content lies in the same order.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from pruning.common.errors import BadValue, reason
from pruning.common.limits import ADDED_FILES, LISTING_MB, PICTURE_MB, PICTURE_PIXELS
from pruning.zoo.raw import zips
from pruning.zoo.raw.layout import arranged

FORMATS = ("JPEG", "PNG", "BMP", "PPM", "TIFF", "WEBP")
"""What Pillow is asked to read: those whose suffixes are looked for."""

SIDE = 224
"""Shortest side, in pixels, from which on pictures are seen as photographs of any size."""


def listed(source: str, where: str, to: str) -> None:
    """Names of the files of a folder or a zip, arranged as classes and splits, written into a file.

    Raises:
        BadValue: too many files, none that is a picture, or no class folders.
    """
    names = _names(source, where)
    found = arranged(names, where)
    said = {
        "classes": found.classes,
        "items": [(names[place], label, split) for place, label, split in found.items],
        "others": found.others,
        "refused": found.refused,
    }
    text = json.dumps(said)
    if len(text) > LISTING_MB * 2**20:
        raise BadValue(f"{where} has more than {LISTING_MB} MB of names of files: give them shorter ones.")
    Path(to).write_text(text, encoding="utf-8")


def _names(source: str, where: str) -> list[str]:
    if not os.path.isdir(source):
        return zips.names(source, where)
    names: list[str] = []
    for here, inner, files in os.walk(source, followlinks=False):
        inner.sort()
        names += [os.path.relpath(os.path.join(here, file), source).replace(os.sep, "/") for file in files]
        if len(names) > ADDED_FILES:
            raise BadValue(
                f"{where} holds more than {ADDED_FILES:,} files, which are the most that are looked through."
            )
    return sorted(names)


def taken(source: str, names: list[str], into: str) -> list[dict[str, Any]]:
    """Copy these pictures into a folder; for each what is known of it now, or ``why`` it is left out.

    ``file``: its name there, which begins with the SHA-256 of its bytes; ``size``: width and height as it is to be
    seen; ``mean`` and ``square``: of its colours from 0 to 1, and of their squares, three numbers each.
    """
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = PICTURE_PIXELS
    found = []
    with _opened(source) as read:
        for name in names:
            try:
                found.append(kept_picture(read(name), Path(name).suffix.lower(), Path(into)))
            except MemoryError:
                found.append({"why": "it needs too much memory"})
            except Exception as error:  # damaged files fail in many ways
                found.append({"why": why_not(error)})
    return found


@contextmanager
def _opened(source: str) -> Generator[Callable[[str], bytes]]:
    """A function that reads one file by its name."""
    if not os.path.isdir(source):
        with zips.opened(source) as read:
            yield read
        return

    def from_folder(name: str) -> bytes:
        path = Path(source) / name
        if not path.is_file():  # a pipe would be waited for
            raise BadValue("it is no regular file")
        if path.stat().st_size > PICTURE_MB * 2**20:
            raise BadValue(f"it has more than {PICTURE_MB} MB")
        return path.read_bytes()

    yield from_folder


def why_not(error: Exception) -> str:
    """The reason that ends a sentence about a picture that cannot be read."""
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"it has more than {PICTURE_PIXELS / 1e6:.0f} million pixels"
    if isinstance(error, Image.UnidentifiedImageError):
        return "it is no picture of a kind that is read"
    return reason(error)


def kept_picture(raw: bytes, suffix: str, into: Path) -> dict[str, Any]:
    """One picture, decoded to the end and copied; see ``taken``. Whatever it raises says why it cannot be."""
    if not raw:
        raise BadValue("it is empty")
    with Image.open(io.BytesIO(raw), formats=FORMATS) as image:
        width, height = image.size
        if width * height > PICTURE_PIXELS:
            raise Image.DecompressionBombError
        grey = image.mode in ("1", "L", "LA") or image.mode.startswith("I;16")
        colours = upright(image)
    width, height = colours.size
    spread = np.asarray(colours)[:: max(1, height // 64), :: max(1, width // 64)].astype(np.float64) / 255
    file = f"{hashlib.sha256(raw).hexdigest()}{suffix}"
    place = into / file[:2] / file
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(raw)
    return {
        "file": file,
        "bytes": len(raw),
        "size": colours.size,
        "grey": grey,
        "mean": spread.mean((0, 1)).round(6).tolist(),
        "square": np.square(spread).mean((0, 1)).round(6).tolist(),
    }


def in_common(found: Sequence[dict[str, Any]]) -> tuple[tuple[int, int, int], dict[str, Any]]:
    """The shape of pictures, ``(channels, height, width)``, and mean and standard deviation of their colours.

    Small pictures of one size keep it; others are photographs of any size, and are seen as most networks take them.

    Args:
        found: what ``taken`` says of each.
    """
    sizes = {tuple(one["size"]) for one in found}
    channels = 1 if all(one["grey"] for one in found) else 3
    mean, square = np.array([[one["mean"], one["square"]] for one in found]).mean(0)
    spread = (square - mean**2).clip(min=1e-6) ** 0.5
    width, height = sizes.pop() if len(sizes) == 1 and min(next(iter(sizes))) < SIDE else (SIDE, SIDE)
    about = {"mean": mean[:channels].round(4).tolist(), "std": spread[:channels].round(4).tolist()}
    return (channels, height, width), {"channels": channels, **about}


def upright(image: Any) -> Any:
    """An opened image in RGB, turned as its camera says it was held."""
    return ImageOps.exif_transpose(rgb(image))


def rgb(image: Any) -> Any:
    """An opened image in RGB of 8 bits; numbers of 16 bits are scaled, where PIL would cut them off at 255.

    Raises:
        ValueError: numbers of 32 bits, of which nobody says what is white.
    """
    if not image.mode.startswith(("I", "F")):
        return image.convert("RGB")
    values = np.asarray(image)
    sixteen = image.mode.startswith("I;16") or image.format in ("PNG", "PPM")
    if image.mode == "F" or not sixteen or values.min() < 0 or values.max() > 65535:
        raise ValueError("its numbers have 32 bits, and what is white is not said: save it with 8 or 16 bits")
    return Image.fromarray((values.astype(np.uint32) // 257).astype(np.uint8)).convert("RGB")
