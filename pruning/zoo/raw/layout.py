"""Where a picture lies says what is on it, and perhaps its split: ``train/cats/1.jpg``. Names alone, no files."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pruning.common.errors import LETTERS, BadValue
from pruning.zoo.places import NO_CLASS, PARTS, SUFFIXES

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
"""Of files that hold others, which are not opened again."""
DEEP = 12
"""Folders within folders: more are not looked through."""


@dataclass
class Arranged:
    """Names in order.

    Attributes:
        classes: names of the classes, sorted, fit to be shown.
        items: for each picture the place of its name, of its class, and its split ("" where nobody said one).
        others: how many files of other kinds there are, by suffix.
        refused: names that were left out, each with the reason.
    """

    classes: tuple[str, ...] = ()
    items: list[tuple[int, int, str]] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)


def shown(text: str) -> str:
    """A name of a stranger as it may be shown: without what turns the line round, hides or controls anything.

    >>> shown("dog\\u202egnp.exe\\x00"), shown("\\n")
    ('doggnp.exe', '?')
    """
    whole = unicodedata.normalize("NFC", text[: 4 * LETTERS])
    kept = "".join(" " if letter.isspace() else letter for letter in whole if unicodedata.category(letter)[0] != "C")
    return " ".join(kept.split())[:LETTERS] or "?"


def arranged(names: Sequence[str], where: str) -> Arranged:
    """What the names of all files say.

    Args:
        names: relative to one folder, with ``/``.
        where: what they lie in, for messages: "The folder cats".

    Raises:
        BadValue: there are no pictures, or they lie in no class folders; or the parts contradict each other.
    """
    found = Arranged()
    paths: dict[int, tuple[str, ...]] = {}
    for place, name in enumerate(names):
        parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
        if not parts or any(part.startswith(".") and part != ".." or part.lower() in NO_CLASS for part in parts):
            continue
        if why := _refusal(name, parts):
            found.refused.append((shown(name), why))
        elif parts[-1].lower().endswith(SUFFIXES):
            paths[place] = parts
        else:
            found.others["." + parts[-1].rpartition(".")[2].lower() if "." in parts[-1] else "no suffix"] += 1
    if not paths:
        raise BadValue(f"{where} holds no pictures: {', '.join(SUFFIXES)} are read, in one subfolder for each class.")
    paths = _unwrapped(paths)
    splits = _splits({parts[0] for parts in paths.values() if len(parts) > 1}, where)
    if splits:
        paths = {place: parts for place, parts in paths.items() if parts[0] in splits}
    cut = {place: (splits[parts[0]], parts[1:]) if splits else ("", parts) for place, parts in paths.items()}
    loose = [place for place, (_, parts) in cut.items() if len(parts) == 1]
    if len(loose) == len(cut):
        raise BadValue(
            f"{where} has pictures, but no class subfolders: put the pictures of each class into a subfolder with the "
            "class's name."
        )
    found.refused += [(shown(names[place]), "it lies in no class's folder") for place in loose]
    named = {place: (shown(parts[0]), split) for place, (split, parts) in cut.items() if len(parts) > 1}
    found.classes = tuple(sorted({name for name, _ in named.values()}))
    position = {name: i for i, name in enumerate(found.classes)}
    found.items = [(place, position[name], split) for place, (name, split) in sorted(named.items())]
    return found


def _refusal(name: str, parts: tuple[str, ...]) -> str:
    """Why a name is not followed, or nothing."""
    if ".." in parts or name.startswith(("/", "\\")) or parts[0][1:2] == ":":
        return "it names a place outside of the data"
    if len(parts) > DEEP:
        return f"it lies more than {DEEP} folders deep"
    if parts[-1].lower().endswith(ARCHIVES):
        return "an archive within the data is not opened: unpack it first"
    return ""


def _unwrapped(paths: dict[int, tuple[str, ...]]) -> dict[int, tuple[str, ...]]:
    """Without the folders around all classes, or around all parts: archives often hold one folder more."""
    while len({parts[0] for parts in paths.values()}) == 1 and all(len(parts) > 2 for parts in paths.values()):
        paths = {place: parts[1:] for place, parts in paths.items()}
    return paths


def _splits(folders: set[str], where: str) -> dict[str, str]:
    """The split of each folder that is a part of the data; nothing where folders are classes.

    Raises:
        BadValue: parts without one for training, or two for the same.
    """
    called = {split: sorted(f for f in folders if f.lower() in words) for split, words in PARTS.items()}
    held = [folder for here in called.values() for folder in here]
    if not called["train"]:
        if held and len(held) == len(folders):
            raise BadValue(f"{where} has {' and '.join(held)}, but no train: put the training pictures there, too.")
        return {}
    for split, here in called.items():
        if len(here) > 1:
            raise BadValue(f"{where} has {' and '.join(here)} for {split}: leave one of them there.")
    found = {here[0]: split for split, here in called.items() if here}
    if len(found) == 1:
        return {}
    if "test" not in found.values():  # validation is held out of training then
        found = {folder: "test" if split == "validation" else split for folder, split in found.items()}
    return found
