"""Networks that people added, on disk: one folder each, with what JSON says of it and its clean weights. No torch.

``<own>/networks/<name>/`` holds ``network.json``, ``weights.safetensors`` and, where it came pruned, its masks. A
folder appears whole or not at all; workers, other processes, find it there by the network's name.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pruning.common.errors import BadValue, StoreError, UnknownName, reason, shortened
from pruning.common.json_text import read_object
from pruning.common.limits import OWN_MB
from pruning.common.sources import asking, may_see, person_asking
from pruning.zoo.places import own_folder

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,46}[A-Za-z0-9_-])?")
NEEDED = (
    "name",
    "label",
    "architecture",
    "task",
    "classes",
    "class_names",
    "input_shape",
    "parameters",
    "match",
    "bytes",
)
"""What a card must say; one without it was not written by ``keep``."""
CARD, WEIGHTS, MASKS = "network.json", "weights.safetensors", "masks.safetensors"


def networks_folder() -> Path:
    """Where they lie; it need not exist."""
    return own_folder() / "networks"


def folder_of(name: str) -> Path:
    """Where the network of that name lies, or would lie.

    Raises:
        BadValue: no network can have that name.
    """
    if not NAME.fullmatch(name):
        raise BadValue(
            f"'{shortened(name)}' is no name for a network: up to 48 letters, digits, '-', '_' and '.', the first and "
            "the last one no sign."
        )
    return networks_folder() / name


def cards() -> dict[str, dict[str, Any]]:
    """What is said of each network that whoever is asking may see, by name."""
    try:
        names = sorted(name for name in os.listdir(networks_folder()) if NAME.fullmatch(name))
    except OSError:
        return {}
    found = {name: _seen(name) for name in names}
    return {name: said for name, said in found.items() if said is not None}


def card_of(name: str) -> dict[str, Any]:
    """What is said of one network.

    Raises:
        UnknownName: there is none of that name for whoever is asking.
    """
    said = _seen(name) if NAME.fullmatch(name) else None
    if said is None:
        raise UnknownName("network of your own called", name, cards())
    return said


def _seen(name: str) -> dict[str, Any] | None:
    """A card, where there is one that can be read and that whoever is asking may see."""
    try:
        said = read_object((networks_folder() / name / CARD).read_bytes())
    except (OSError, BadValue):
        return None
    if any(name not in said for name in NEEDED):
        return None
    return said if may_see(str(said.get("owner", "")), bool(said.get("shared"))) else None


def keep(name: str, said: dict[str, Any], fill: Callable[[Path], None]) -> Path:
    """Keep a network under a new name.

    Args:
        said: the card.
        fill: writes the weights into the folder it is given.

    Raises:
        BadValue: the name is taken or none, or the person has no room left.
        StoreError: it cannot be written.
    """
    place = folder_of(name)
    half = place.with_name(f".{name}.{secrets.token_hex(4)}")
    try:
        free(name)
        half.mkdir(parents=True)
        fill(half)
        size = sum(path.stat().st_size for path in half.iterdir())
        _within_quota(str(said.get("owner", "")), size)
        (half / CARD).write_text(json.dumps(said | {"name": name, "bytes": size}, indent=1), encoding="utf-8")
        os.rename(half, place)
    except OSError as error:
        raise StoreError(f"The network cannot be kept in {place.parent}: {reason(error)}.") from None
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return place


def form_of(model: str) -> tuple[tuple[str, ...], str]:
    """In what form a network came: keys under which it lay in its file, and what stood before its tensors' names;
    nothing for networks that nobody added."""
    source, _, name = model.partition(":")
    match = (_seen(name) or {}).get("match", {}) if source == "own" else {}
    return tuple(match.get("container", ())), match.get("prefix", "")


def free(name: str) -> None:
    """Raise ``BadValue`` where another network has the name."""
    if folder_of(name).exists():
        raise BadValue(f"There is a network of the name '{name}' already: choose another one, or remove that first.")


def remove(name: str) -> None:
    """Remove a network. What was measured of it stays in the store, under its own keys, and cannot be computed again.

    Raises:
        UnknownName: there is none of that name for whoever is asking.
        BadValue: it is somebody else's.
        StoreError: it cannot be removed.
    """
    _mine(name)
    place = folder_of(name)
    gone = place.with_name(f".{name}.{secrets.token_hex(4)}.gone")
    try:
        os.rename(place, gone)
    except OSError as error:
        raise StoreError(f"The network '{name}' cannot be removed: {reason(error)}.") from None
    shutil.rmtree(gone, ignore_errors=True)


def used(owner: str) -> int:
    """Bytes of all networks that a person added."""
    mark = asking.set(owner)
    try:
        return sum(int(said.get("bytes", 0)) for said in cards().values() if said.get("owner", "") == owner)
    finally:
        asking.reset(mark)


def share(name: str, shared: bool) -> None:
    """Let everybody on this server use a network, or its owner alone again.

    Raises:
        UnknownName, BadValue: as ``remove``.
        StoreError: it cannot be written.
    """
    said = _mine(name)
    place = folder_of(name) / CARD
    half = place.with_name(f".{secrets.token_hex(4)}.{CARD}")
    try:
        half.write_text(json.dumps(said | {"shared": shared}, indent=1), encoding="utf-8")
        os.replace(half, place)
    except OSError as error:
        raise StoreError(f"The network '{name}' cannot be changed: {reason(error)}.") from None


def _mine(name: str) -> dict[str, Any]:
    """The card of a network that whoever is asking may change."""
    said = card_of(name)
    owner, person = said.get("owner", ""), person_asking()
    if person is not None and owner and person != owner:
        raise BadValue(f"The network '{name}' is somebody else's: only who added it can change or remove it.")
    return said


def _within_quota(owner: str, size: int) -> None:
    held, most = used(owner), OWN_MB * 10**6
    if held + size > most:
        raise BadValue(
            f"This network takes {size / 1e6:,.0f} MB, and {held / 1e6:,.0f} of your {OWN_MB:,} MB are taken: remove "
            "one that you do not need any more."
        )
