"""A person's data: read apart from this process, split, looked at, and kept under a name. No torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pruning.common.errors import BadValue
from pruning.common.hashing import digest
from pruning.common.progress import Progress, quiet
from pruning.zoo.kinds import SPLITS
from pruning.zoo.own_data import kept
from pruning.zoo.own_data.kinds import Read, reader_of
from pruning.zoo.own_data.splitting import splits_of
from pruning.zoo.raw.layout import shown

NAMED = 100
"""Files that were left out of which the card keeps the names; of all it keeps the number."""
TOLD = 5
"""Those that a sentence names."""


@dataclass(frozen=True)
class DataReport:
    """What was found in a person's data.

    Attributes:
        name: under which it is in every list: ``own:cats``.
        card: what is kept of it, as JSON has it: ``counts`` (split → class → examples), ``unreadable`` (name and
            reason of the first hundred), ``left_out`` (how many), ``hints`` (sentences), ``classes``, ``shape``.
    """

    name: str
    card: Mapping[str, Any]

    def sentences(self) -> list[str]:
        """All of it in words."""
        card = self.card
        sizes = {split: sum(counts.values()) for split, counts in card["counts"].items()}
        said = [f"{card['summary']} {', '.join(f'{sizes[split]:,} for {split}' for split in SPLITS)}."]
        if left := card["left_out"]:
            named = "; ".join(f"{name}: {why}" for name, why in card["unreadable"][:TOLD])
            more = f"; and {left - TOLD:,} more" if left > TOLD else ""
            said.append(f"{left:,} {'file was' if left == 1 else 'files were'} left out: {named}{more}.")
        return [*said, *card["hints"]]


def add_data(
    name: str,
    source: Path | str,
    reader: str = "",
    *,
    label: str = "",
    called: str = "",
    owner: str = "",
    shared: bool = False,
    progress: Progress = quiet,
    **options: Any,
) -> DataReport:
    """Read data and keep it as ``own:<name>``.

    Args:
        source: a folder or a file.
        reader: its kind, a name in ``readers``; empty: as the file's name says.
        label: as lists show it; empty: the name.
        called: the file's name as the person knows it, where ``source`` is a copy of an upload.
        owner: whose it is on a shared server.
        options: of the reader: ``column`` of a table, say.

    Raises:
        PruningError: it cannot be read or kept, or it is too little; one sentence, and nothing is left behind.
    """
    source = Path(source).expanduser()
    kept.free(name)
    entry = reader_of(source, reader, **options)
    known = shown(called or source.resolve().name)
    what = f"The {'folder' if source.is_dir() else 'file'} {known}"

    def fill(into: Path) -> dict[str, Any]:
        found = entry.read(source, what, into, progress)
        said = _card(found, into, what)
        return said | {
            "label": label or name,
            "summary": f"{said['summary']}, from {known}.",
            "reader": entry.name,
            "owner": owner,
            "shared": shared,
            "added": datetime.now(UTC).isoformat(timespec="seconds"),
        }

    return DataReport(f"own:{name}", kept.keep(name, fill))


def _card(found: Read, into: Path, what: str) -> dict[str, Any]:
    """Write labels and splits; what is said of the data."""
    import numpy as np

    splits = splits_of(found.hashes, found.given)
    for split in ("train", "test"):
        if not len(splits[split]):
            raise BadValue(
                f"{what} holds {len(found.labels)} examples, and the {split} split got none of them: bring more "
                "(20 of each class are a beginning), or folders train and test of your own."
            )
    np.save(into / "labels.npy", found.labels)
    for split, places in splits.items():
        np.save(into / f"{split}.npy", places)
    content = hashlib.sha256()
    for part in (found.hashes, found.labels, *splits.values()):
        content.update(np.ascontiguousarray(part).tobytes())
    counted = {split: _counts(found, places) for split, places in splits.items()}
    if not len(splits["validation"]):
        found.hints.append("No example is for validation: bring more before something is chosen by it.")
    empty = [name for name in found.classes if not counted["train"].get(name)]
    if empty:
        found.hints.append(
            f"There are no training examples of {', '.join(empty[:TOLD])}: all of them are in other splits."
        )
    units = {"pictures": "pictures", "rows": "rows", "texts": "texts"}[found.kind]
    classes = f" in {len(found.classes)} classes" if found.classes else ""
    return {
        "schema": 1,
        "kind": found.kind,
        "task": found.task,
        "shape": list(found.shape),
        "classes": list(found.classes),
        "content": digest(content.hexdigest(), list(found.classes), found.kind, found.task, found.about),
        "counts": counted,
        "unreadable": [list(pair) for pair in found.refused[:NAMED]],
        "left_out": len(found.refused),
        "hints": found.hints,
        "summary": f"{len(found.labels):,} {units}{classes}",
        **found.about,
    }


def _counts(found: Read, places: Any) -> dict[str, int]:
    """Examples of each class at these places; all of them together where there are no classes."""
    import numpy as np

    if not found.classes:
        return {"examples": len(places)}
    counts = np.bincount(found.labels[places], minlength=len(found.classes))
    return dict(zip(found.classes, counts.tolist(), strict=True))
