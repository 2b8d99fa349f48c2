"""What files hold, by hashes of their bytes: other pictures or weights under an old name are other work. No torch.

A file is read once, and again when its size, its times or its place on the disk change. One that changed within the
last seconds is read each time: clocks of file systems are too coarse to tell two such changes apart.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pruning.common.limits import FILE_HASHES, FOLDER_HASHES
from pruning.common.memory import Recent

FRESH_SECONDS = 2.0
MANY = 256
"""So many hashes are worth a file, so that the next process need not read all pictures again."""
QUICK_SECONDS, SHARE, LONGEST_SECONDS = 0.02, 10, 2.0
"""A folder that took longer than the first to look through is looked through again after so many times that time, at
most after the last: pages ask for keys many times a second."""

Known = tuple[tuple[int, ...], str]
"""What tells that a file is the same (size, times, place), and the hash of its bytes."""


@dataclass(frozen=True)
class _Folder:
    files: dict[str, Known]
    content: str
    until: float
    """Until then, by the clock of this process, it is not looked through again."""


_files: Recent[Known] = Recent(FILE_HASHES, "hashes of files")
_folders: Recent[_Folder] = Recent(FOLDER_HASHES, "hashes of folders")


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Raises:
        OSError: it cannot be read.
    """
    known, lasting = _known(path, _files.get(str(path)))
    if lasting:
        _files.put(str(path), known)
    return known[1]


def folder_hash(root: Path, files: Callable[[], Iterable[Path]], shelf: Path) -> str:
    """Sixteen digits made of the relative paths and the bytes of files below a folder.

    Args:
        files: looks for them; always in the same order.
        shelf: a folder where hashes may be kept for other processes.
    """
    folder = _folders.get(str(root))
    if folder is not None and time.monotonic() < folder.until:
        return folder.content
    began, read, lines = time.monotonic(), 0, []
    kept = shelf / f"{hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]}.json"
    old = folder.files if folder is not None else _read(kept)
    found: dict[str, Known] = {}
    for path in files():
        name = path.relative_to(root).as_posix()
        try:
            known, lasting = _known(path, old.get(name))
        except OSError:  # whoever wants the picture will be told its name
            known, lasting = ((), "unreadable"), False
        read += known is not old.get(name)
        if lasting:
            found[name] = known
        lines.append(f"{name} {known[1]}")
    if read >= MANY:
        _write(kept, found)
    content, took = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16], time.monotonic() - began
    until = time.monotonic() + min(SHARE * took, LONGEST_SECONDS) if took > QUICK_SECONDS else 0.0
    _folders.put(str(root), _Folder(found, content, until))
    return content


def _known(path: Path, old: Known | None) -> tuple[Known, bool]:
    """A file's hash, taken from what was known where it is the same; and whether it may be taken from there again."""
    about = path.stat()
    stamp = (about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
    if old is not None and tuple(old[0]) == stamp:
        return old, True
    with open(path, "rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return (stamp, content), abs(time.time() - max(about.st_mtime, about.st_ctime)) > FRESH_SECONDS


def _read(path: Path) -> dict[str, Known]:
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): (tuple(stamp), str(content)) for name, (stamp, content) in lines.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write(path: Path, found: dict[str, Known]) -> None:
    """Whole or not at all; where nothing may be written the pictures are read again another time."""
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(found), encoding="utf-8")
        os.replace(half, path)
