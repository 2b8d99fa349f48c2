"""What a process would compute with: code, libraries, weights and images. Two that differ must not share work, since
keys of results promise the same numbers everywhere. No torch here: its version is read from its package."""

from __future__ import annotations

import hashlib
import platform
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from pruning.common.environment import ASSETS
from pruning.common.errors import Missing
from pruning.common.plugins import plugins
from pruning.zoo.kinds import datasets

LIBRARIES = ("torch", "numpy", "dask", "distributed")
"""Those that make numbers, or carry them."""

ABSENT = "absent"


@lru_cache(maxsize=1)
def papers() -> dict[str, Any]:
    """``code``: hash of this package's files; ``python`` and ``libraries``: versions, without a build's mark such as
    ``+cpu``; ``embedded``: hashes of the weights and images that come with the program; ``data``: the form of each
    other data set, or ``absent``; ``plugins``: hashes of the code of each. Plain data; a second's work at first."""
    entries = [datasets[name] for name in datasets]
    return {
        "code": _hash(sorted(_code()), Path(__file__).parents[1]),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "embedded": {
            str(folder.relative_to(ASSETS)): _hash(sorted(path for path in folder.iterdir() if path.is_file()), folder)
            for kind in ("data", "models")
            for folder in sorted((ASSETS / kind).iterdir())
            if folder.is_dir()
        },
        "data": {entry.name: _form(entry) for entry in entries if not entry.embedded},
        "plugins": plugins.contents(),
    }


def _code() -> list[Path]:
    """The package's own files, the same whether it is installed or run from the repository."""
    home = Path(__file__).parents[1]
    return [path for path in home.rglob("*.py") if path.relative_to(home).parts[0] != "_bundled"]


def difference(mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    """What another process has otherwise, in a few words that end a sentence; empty when they go together.

    A data set that only one of the two has is no difference: a study of it says so itself.
    """
    said = []
    if mine["code"] != theirs["code"]:
        said.append(f"another version of pruning (code {theirs['code']}, not {mine['code']})")
    pairs = {"Python": (mine["python"], theirs["python"])}
    pairs |= {name: (version, theirs["libraries"].get(name)) for name, version in mine["libraries"].items()}
    said += [f"{name} {other or 'missing'}, not {own}" for name, (own, other) in pairs.items() if own != other]
    weights = [name for name, own in mine["embedded"].items() if theirs["embedded"].get(name) != own]
    if weights:
        said.append("other files in assets/" + ", assets/".join(weights))
    for name, own in mine["plugins"].items():
        if (other := theirs.get("plugins", {}).get(name)) != own:
            said.append(f"no plug-in {name}" if other is None else f"another version of the plug-in {name}")
    for name, own in mine["data"].items():
        other = theirs["data"].get(name, ABSENT)
        if ABSENT not in (own, other) and own != other:
            said.append(f"other images for '{name}'")
    return "; ".join(said)


def _hash(files: list[Path], root: Path) -> str:
    found = hashlib.sha256()
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return found.hexdigest()[:12]


def _version(name: str) -> str:
    try:
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return "missing"


def _form(entry: Any) -> str:
    try:
        return entry().form()
    except Missing:
        return ABSENT
