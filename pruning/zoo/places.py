"""Where data lies on this machine, and what a folder of images holds. No torch: pages and the command line read it.

``PRUNING_DATA``: the folder of downloaded data sets, by default ``~/.cache/pruning/data``.
``PRUNING_IMAGE_FOLDER``: a person's own folder of images, with one subfolder for each class.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pruning.common.errors import Missing
from pruning.zoo.contents import folder_hash
from pruning.zoo.wnids import INDEX

SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def data_root() -> Path:
    """The folder of downloaded data sets; it need not exist."""
    return Path(os.environ.get("PRUNING_DATA") or "~/.cache/pruning/data").expanduser()


def hub_folder() -> Path:
    """torch.hub's folder, which need not exist; where torch is loaded it is asked, as somebody may have set another."""
    if (hub := sys.modules.get("torch.hub")) is not None:
        return Path(hub.get_dir())
    home = os.environ.get("TORCH_HOME") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "torch")
    return Path(home).expanduser() / "hub"


def image_folder(path: str = "") -> Path:
    """The folder of images: ``path``, or what ``PRUNING_IMAGE_FOLDER`` names.

    Raises:
        Missing: neither is set, or there is no such folder.
    """
    chosen = path or os.environ.get("PRUNING_IMAGE_FOLDER", "")
    if not chosen:
        raise Missing(
            "No folder of images is set: let the environment variable PRUNING_IMAGE_FOLDER name a folder "
            "that has one subfolder of images for each class."
        )
    folder = Path(chosen).expanduser()
    if not folder.is_dir():
        raise Missing(f"The folder of images {folder} does not exist, or is not a folder.")
    return folder


def parts(root: Path) -> dict[str, Path]:
    """``train``, ``validation`` and ``test`` as far as the folder has such subfolders; ``{"all": root}`` if it has not.

    With only one of validation and test beside ``train``, that one is the test set: validation is held out of training.
    """
    found = {
        split: root / name
        for split, names in {"train": ("train",), "validation": ("val", "validation"), "test": ("test",)}.items()
        for name in names
        if (root / name).is_dir()
    }
    if "train" not in found or len(found) == 1:
        return {"all": root}
    if "test" not in found:
        found["test"] = found.pop("validation")
    return found


def class_folders(root: Path) -> tuple[str, ...]:
    """Names of the classes, sorted: the subfolders of the folder, or of its parts.

    Raises:
        Missing: the folder is empty, or its images are not in class subfolders.
    """
    subfolders = {
        entry.name
        for part in parts(root).values()
        for entry in part.iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    }
    if not subfolders:
        what = "has images, but no class subfolders" if _images(root) else "is empty"
        raise Missing(f"The folder {root} {what}: put the images of each class into a subfolder with the class's name.")
    return tuple(sorted(subfolders))


def images_by_class(folder: Path, names: Sequence[str]) -> list[tuple[Path, int]]:
    """Image files below each class subfolder, with the class's position in ``names``; sorted by path."""
    return [(path, i) for i, name in enumerate(names) for path in _images(folder / name)]


def _images(folder: Path) -> list[Path]:
    found = [
        Path(where) / name
        for where, _, files in os.walk(folder, followlinks=True)
        for name in files
        if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    ]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def imagenet_indices(names: Sequence[str]) -> tuple[int, ...] | None:
    """ImageNet's class index for each name if all of them are WordNet ids (``n01440764``); otherwise ``None``."""
    return tuple(INDEX[name] for name in names) if names and all(name in INDEX for name in names) else None


def content_hash(root: Path) -> str:
    """Sixteen digits made of the relative paths and bytes of all images: another content, another hash."""
    return folder_hash(root, lambda: _images(root), data_root() / ".hashes")


def size_hash(root: Path) -> str:
    """The same of paths and sizes alone, as names of older results have it."""
    lines = [f"{path.relative_to(root).as_posix()} {path.stat().st_size}" for path in _images(root)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
