"""Pictures in class folders, of a folder or a zip: read apart from this process, a thousand at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pruning.common.apart import in_own_process
from pruning.common.errors import BadValue, Refused
from pruning.common.limits import ADDED_MB
from pruning.common.progress import Progress
from pruning.zoo.kinds import SPLITS
from pruning.zoo.own_data.kinds import Read
from pruning.zoo.raw.layout import shown

if TYPE_CHECKING:
    import numpy as np

TOGETHER = 1000
"""Pictures that one process looks at."""
SECONDS = 900.0
"""At most for those."""
KILLERS = 10
"""Pictures of which each one ends the process that reads it: more are no accident."""


def read_pictures(source: Path, called: str, into: Path, progress: Progress) -> Read:
    """Read all pictures; those that cannot be read are named.

    Raises:
        PruningError: none can be read, or there is too much; one sentence.
    """
    import numpy as np

    from pruning.zoo.raw.pictures import in_common

    where = {"source": str(source.resolve())}
    listing = into / "listing.json"
    in_own_process(
        "pruning.zoo.raw.pictures:listed", {**where, "where": called, "to": str(listing.resolve())}, what=called
    )
    listed = json.loads(listing.read_text(encoding="utf-8"))
    listing.unlink()
    items, refused = listed["items"], [tuple(pair) for pair in listed["refused"]]
    found: list[dict[str, Any]] = []
    for start in range(0, len(items), TOGETHER):
        progress(start, len(items), f"{start:,} of {len(items):,} pictures")
        found += _taken([name for name, _, _ in items[start : start + TOGETHER]], where, into, called)
        if sum(one["bytes"] for one in found if "why" not in one) > ADDED_MB * 2**20:
            raise BadValue(f"{called} has more than {ADDED_MB:,} MB of pictures: that is the most that is kept.")
        if sum(one.get("killer", False) for one in found) > KILLERS:
            raise Refused(f"{called} holds pictures that end the program that reads them: nothing of it is kept.")
    refused += [(shown(item[0]), one["why"]) for item, one in zip(items, found, strict=True) if "why" in one]
    good = [(item, one) for item, one in zip(items, found, strict=True) if "why" not in one]
    if not good:
        name, why = refused[0]
        raise BadValue(f"{called} holds {len(items):,} pictures, and none of them can be read: {name}: {why}.")
    (into / "files.json").write_text(json.dumps([one["file"] for _, one in good]), encoding="utf-8")
    labels = np.array([label for (_, label, _), _ in good], np.int64)
    hashes = np.array([list(bytes.fromhex(one["file"][:32])) for _, one in good], np.uint8)
    given = np.array([SPLITS.index(split) if split else -1 for (_, _, split), _ in good])
    hints = _hints(labels, hashes, given, listed)
    shape, about = in_common([one for _, one in good])
    classes, labels = _present(tuple(listed["classes"]), labels, hints)
    return Read("pictures", "image_classification", shape, classes, labels, hashes, given, refused, hints, about)


def _taken(names: list[str], where: dict[str, str], into: Path, called: str) -> list[dict[str, Any]]:
    """What is known of these pictures; one that ends the process which reads it is found by halves, and left out."""
    asked = {**where, "names": names, "into": str((into / "pictures").resolve())}
    try:
        return in_own_process("pruning.zoo.raw.pictures:taken", asked, what=called, seconds=SECONDS)
    except Refused as error:
        if len(names) == 1:
            return [{"why": str(error).rstrip("."), "killer": True}]
    half = len(names) // 2
    return _taken(names[:half], where, into, called) + _taken(names[half:], where, into, called)


def _hints(labels: np.ndarray, hashes: np.ndarray, given: np.ndarray, listed: dict[str, Any]) -> list[str]:
    """What a person should know."""
    import numpy as np

    hints = []
    if others := listed["others"]:
        kinds = ", ".join(sorted(others)[:6])
        hints.append(f"Files of other kinds ({kinds}) were left out: {sum(others.values()):,}.")
    _, where, counts = np.unique(hashes, axis=0, return_inverse=True, return_counts=True)
    where = where.ravel()
    twice = counts[where] > 1
    if twice.any():
        first = np.zeros(len(counts), np.int64)
        first[where] = labels
        torn = int((first[where] != labels).sum())
        told = f", and {torn:,} of them under another class than their double" if torn else ""
        hints.append(f"{int(twice.sum() - (counts > 1).sum()):,} pictures are there more than once{told}.")
        kept = np.full((len(counts), 2), [9, -9])
        np.minimum.at(kept[:, 0], where, given)
        np.maximum.at(kept[:, 1], where, given)
        if leaked := int((kept[:, 0] != kept[:, 1]).sum()):
            hints.append(f"{leaked:,} pictures are in more than one split: what is measured on them flatters.")
    return hints


def _present(classes: tuple[str, ...], labels: np.ndarray, hints: list[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Classes of which there are pictures, and the labels that count them."""
    import numpy as np

    there = np.unique(labels)
    if len(there) < len(classes):
        gone = [name for place, name in enumerate(classes) if place not in there]
        hints.append(f"No picture of {', '.join(gone[:5])} can be read: left out as a class.")
    return tuple(classes[place] for place in there), np.searchsorted(there, labels)
