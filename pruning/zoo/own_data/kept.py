"""Data that people added, on disk: one folder each. No torch; workers, other processes, find it there by its name.

``<own>/data/<name>/`` holds ``data.json`` (what is said of it, with the hash of all it holds), ``labels.npy``, the
positions of each split (``train.npy`` …), and the content: ``files.json`` with ``pictures/``, or ``inputs.npy``, or
``texts.jsonl``. A folder appears whole or not at all.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pruning.common.errors import BadValue, PruningError, StoreError, UnknownName, reason, shortened
from pruning.common.json_text import read_object
from pruning.common.limits import OWN_MB
from pruning.common.sources import asking, may_see
from pruning.zoo.places import own_folder

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,46}[A-Za-z0-9_-])?")
CARD = "data.json"


def data_folder() -> Path:
    """Where they lie; it need not exist."""
    return own_folder() / "data"


def folder_of(name: str) -> Path:
    """Where the data of that name lies, or would lie.

    Raises:
        BadValue: no data can have that name.
    """
    if not NAME.fullmatch(name):
        raise BadValue(
            f"'{shortened(name)}' is no name for data: up to 48 letters, digits, '-', '_' and '.', the first and "
            "the last one no sign."
        )
    return data_folder() / name


def cards() -> dict[str, dict[str, Any]]:
    """What is said of all data that whoever is asking may see, by name."""
    found = {}
    with suppress(OSError):
        for name in sorted(os.listdir(data_folder())):
            with suppress(PruningError):
                found[name] = card_of(name)
    return found


def card_of(name: str) -> dict[str, Any]:
    """What is said of one.

    Raises:
        UnknownName: there is none of that name for whoever is asking.
    """
    with suppress(OSError, BadValue):
        said = read_object((folder_of(name) / CARD).read_bytes())
        if may_see(str(said.get("owner", "")), bool(said.get("shared"))):
            return said
    raise UnknownName("data of your own called", name, [] if name.startswith(".") else cards())


def free(name: str) -> None:
    """Raise ``BadValue`` where a name cannot be given, or is taken."""
    if folder_of(name).exists():
        raise BadValue(f"There is data called own:{name} already: remove it first, or choose another name.")


def keep(name: str, fill: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """Keep data under a new name.

    Args:
        fill: writes all of it into the folder that it is given, and returns the card.

    Raises:
        BadValue: the name is taken, or none, or the person has no room left.
        StoreError: it cannot be written.
        PruningError: as ``fill``; nothing is left behind.
    """
    free(name)
    place = folder_of(name)
    half = place.with_name(f".{name}.{secrets.token_hex(4)}")
    try:
        half.mkdir(parents=True)
        said = fill(half)
        size = sum(path.stat().st_size for path in half.rglob("*") if path.is_file())
        _within_quota(str(said.get("owner", "")), size)
        said["bytes"] = size
        (half / CARD).write_text(json.dumps(said, allow_nan=False), encoding="utf-8")
        os.rename(half, place)
    except OSError as error:
        raise StoreError(f"The data cannot be kept in {place.parent}: {reason(error)}.") from None
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return said


def used(owner: str) -> int:
    """Bytes of all data that a person added."""
    mark = asking.set(owner)
    try:
        return sum(int(said.get("bytes", 0)) for said in cards().values() if said.get("owner", "") == owner)
    finally:
        asking.reset(mark)


def _within_quota(owner: str, size: int) -> None:
    held, most = used(owner), OWN_MB * 10**6
    if held + size > most:
        raise BadValue(
            f"This data takes {size / 1e6:,.0f} MB, and {held / 1e6:,.0f} of your {OWN_MB:,} MB are taken: remove some "
            "that you do not need any more."
        )


def remove(name: str) -> None:
    """Remove data; what was measured on it stays, as a record.

    Raises:
        UnknownName: there is none of that name for whoever is asking.
        BadValue: it is somebody else's.
        StoreError: it cannot be removed.
    """
    said, place = card_of(name), folder_of(name)
    person = asking.get()
    if person is not None and said.get("owner") != person:
        raise BadValue(f"own:{name} belongs to somebody else: only who added it can remove it.")
    gone = place.with_name(f".{name}.{secrets.token_hex(4)}")
    try:
        os.rename(place, gone)  # at once for all who look for it
        shutil.rmtree(gone)
    except OSError as error:
        raise StoreError(f"The data in {place} cannot be removed: {reason(error)}.") from None
