"""Where data lies on this machine, and what a folder of images holds. No torch: pages and the command line read it.

``PRUNING_DATA``: the folder of downloaded data sets, by default ``~/.cache/pruning/data``.
``PRUNING_IMAGE_FOLDER``: a person's own folder of images, with one subfolder for each class.
``PRUNING_OWN``: what people added, by default the folder ``own`` beside that of the artefacts.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pruning.common.environment import VAR
from pruning.common.errors import Missing
from pruning.zoo.contents import folder_hash
from pruning.zoo.wnids import INDEX

SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def data_root() -> Path:
    """The folder of downloaded data sets; it need not exist."""
    return Path(os.environ.get("PRUNING_DATA") or "~/.cache/pruning/data").expanduser()


def own_folder() -> Path:
    """The folder of what people added, which need not exist; servers and workers see the same one."""
    if own := os.environ.get("PRUNING_OWN", "").strip():
        return Path(own).expanduser()
    artefacts = os.environ.get("PRUNING_ARTEFACTS", "").strip()
    return (Path(artefacts).expanduser() if artefacts else VAR / "artefacts").parent / "own"


def model_folder(name: str) -> Path:
    """Where a network that was fetched lies; it need not exist."""
    return data_root().parent / "models" / name


def hub_snapshot(name: str) -> Path | None:
    """The folder in which Hugging Face's cache keeps the files of a network, where it does; nothing is downloaded."""
    home = os.environ.get("HF_HOME") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or os.path.join(home, "hub")).expanduser()
    kept = cache / f"models--{name.replace('/', '--')}"
    try:
        folder = kept / "snapshots" / (kept / "refs" / "main").read_text().strip()
    except (OSError, ValueError):
        return None
    return folder if folder.is_dir() else None


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


PARTS = {
    "train": ("train", "training", "trn"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "tst"),
}
"""How people call the parts of a data set, in capitals or not."""
NO_CLASS = ("__macosx", "__pycache__", "@eadir", "$recycle.bin", "system volume information", "lost+found")
"""What archives and systems leave beside the folders of a person."""


def _subfolders(folder: Path) -> list[str]:
    """Names of the folders in a folder that a person made."""
    with os.scandir(folder) as found:
        return sorted(entry.name for entry in found if _is_folder(entry) and not entry.name.startswith("."))


def _holds_images(folder: Path) -> bool:
    """Whether images lie in a folder itself."""
    with os.scandir(folder) as found:
        return any(_is_image(entry) for entry in found)


def _unwrapped(root: Path) -> Path:
    """The folder in which the classes, or the parts, lie: archives often hold all in one folder more, and a data set
    of which there is only ``train`` is one as well."""
    for _ in range(8):
        names = _subfolders(root)
        inner = root / names[0] if len(names) == 1 else root
        if inner == root or _holds_images(root) or _holds_images(inner) or not _subfolders(inner):
            break
        root = inner
    return root


def parts(root: Path) -> dict[str, Path]:
    """``train``, ``validation`` and ``test`` as far as the folder has such subfolders; ``{"all": folder}`` if not.

    With only one of validation and test beside ``train``, that one is the test set: validation is held out of training.

    Raises:
        Missing: two folders for one part, or parts without one for training.
    """
    root = _unwrapped(root)
    names = _subfolders(root)
    called = {split: [name for name in names if name.lower() in words] for split, words in PARTS.items()}
    held = [name for here in called.values() for name in here]
    if not called["train"]:
        if held and len(held) == len(names):
            raise Missing(
                f"The folder {root} has {' and '.join(held)}, but no train: put the training images there, too."
            )
        return {"all": root}  # "test" is the name of a class then, as any other
    for split, here in called.items():
        if len(here) > 1:
            raise Missing(f"The folder {root} has {' and '.join(here)} for {split}: leave one of them there.")
    found = {split: root / here[0] for split, here in called.items() if here}
    if len(found) == 1:
        return {"all": root}
    if "test" not in found:
        found["test"] = found.pop("validation")
    return found


def class_folders(root: Path) -> tuple[str, ...]:
    """Names of the classes, sorted: the subfolders of the folder, or of its parts.

    Raises:
        Missing: the folder is empty, or its images are not in class subfolders.
    """
    subfolders = {name for part in parts(root).values() for name in _subfolders(part)}
    if not subfolders:
        what = "has images, but no class subfolders" if _images(root) else "is empty"
        raise Missing(f"The folder {root} {what}: put the images of each class into a subfolder with the class's name.")
    return tuple(sorted(subfolders))


def images_by_class(folder: Path, names: Sequence[str]) -> list[tuple[Path, int]]:
    """Image files below each class subfolder, with the class's position in ``names``; sorted by path."""
    return [(path, i) for i, name in enumerate(names) for path in _images(folder / name)]


def _is_image(entry: os.DirEntry[str]) -> bool:
    """A regular file with the name of an image: a pipe of that name would be waited for."""
    return entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith(".") and _is_file(entry)


def _is_file(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        return entry.is_file()
    return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A folder, or a link to one, that no archive or system made."""
    with suppress(OSError):  # a link to itself
        return entry.is_dir() and entry.name.lower() not in NO_CLASS
    return False


def _images(folder: Path) -> list[Path]:
    """All images below a folder, through links too, but each folder once: a link may lead back up."""
    if not folder.is_dir():
        return []
    met = {_place(path) for path in (*folder.resolve().parents, *folder.absolute().parents)}
    found: list[Path] = []
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        if (place := _place(here)) in met:
            continue
        met.add(place)
        with suppress(OSError), os.scandir(here) as entries:  # a folder that may not be read holds nothing for us
            listed = sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name))
            found += [here / entry.name for entry in listed if _is_image(entry)]
            inner = [here / entry.name for entry in listed if _is_folder(entry)]
            waiting = [path for path in reversed(inner) if path.is_symlink()] + waiting
            waiting += [path for path in reversed(inner) if not path.is_symlink()]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _place(folder: Path) -> tuple[int, int]:
    """What tells a folder, whatever path leads to it."""
    about = folder.stat()
    return about.st_dev, about.st_ino


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
