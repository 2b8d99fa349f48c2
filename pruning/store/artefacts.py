"""Artefact files (masks, checkpoints, exports), written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pruning.common.errors import BadValue, StoreError

KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,95}")
SUFFIX = re.compile(r"(\.[a-z0-9]{1,15}){1,3}")

ABANDONED_SECONDS = 24 * 3600
"""A half-written file of this age belongs to a process that died."""


@dataclass(frozen=True)
class Artefact:
    """A file that is there; ``used`` is when it was last written or asked for, in seconds since 1970."""

    place: Path
    key: str
    bytes: int
    used: float


class Artefacts:
    """A folder of files named by kind, key and suffix: ``<folder>/<kind>/<key's first two>/<key><suffix>``.

    A file is visible only when it is complete: it is written beside its place, flushed to the disk, and renamed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def write(self, kind: str, key: str, data: bytes, suffix: str) -> Path:
        """Write or replace one file.

        Raises:
            BadValue: for a name that is not plain.
            StoreError: when the disk is full or the folder cannot be written; what was there before is intact.
        """
        place = self._place(kind, key, suffix)
        half = place.with_name(f".{place.name}.{os.getpid()}.{threading.get_ident()}.{secrets.token_hex(4)}.tmp")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                with open(half, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(half, place)
            except BaseException:
                half.unlink(missing_ok=True)
                raise
            self._flush_folder(place.parent)
        except OSError as error:
            raise StoreError(explain(error, place)) from error
        return place

    def path(self, kind: str, key: str, suffix: str) -> Path | None:
        """Where the file is, or None when there is none. It counts as used now: see ``tidy``.

        Raises:
            BadValue: for a name that is not plain.
        """
        place = self._place(kind, key, suffix)
        if not place.is_file():
            return None
        with suppress(OSError):  # a folder that may only be read
            os.utime(place)
        return place

    def listed(self) -> dict[str, list[Artefact]]:
        """All complete files by kind."""
        found: dict[str, list[Artefact]] = {}
        for place in self.folder.glob("*/*/*"):
            if place.name.startswith("."):
                continue
            with suppress(OSError):  # another process deleted it meanwhile
                about = place.stat()
                kind, key = place.parent.parent.name, place.name.partition(".")[0]
                found.setdefault(kind, []).append(Artefact(place, key, about.st_size, about.st_mtime))
        return found

    def drop(self, file: Artefact) -> bool:
        """Delete a file unless it was used since it was listed; returns whether it is gone."""
        try:
            if file.place.stat().st_mtime != file.used:
                return False
            file.place.unlink()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def sweep(self) -> int:
        """Delete half-written files that dead processes left behind; returns how many."""
        count = 0
        limit = time.time() - ABANDONED_SECONDS
        for half in self.folder.glob("*/*/.*.tmp"):
            try:
                if half.stat().st_mtime < limit:
                    half.unlink()
                    count += 1
            except OSError:
                continue  # another process was quicker
        return count

    def _place(self, kind: str, key: str, suffix: str) -> Path:
        for what, pattern, value in (("kind", KIND, kind), ("key", KEY, key), ("suffix", SUFFIX, suffix)):
            if not pattern.fullmatch(value):
                raise BadValue(f"An artefact's {what} must be plain letters and digits, not '{value}'.")
        return self.folder / kind / key[:2] / f"{key}{suffix}"

    @staticmethod
    def _flush_folder(folder: Path) -> None:
        """Make the renaming itself durable; not every file system can."""
        try:
            handle = os.open(folder, os.O_RDONLY)
        except OSError:
            return
        try:
            os.fsync(handle)
        except OSError:
            pass
        finally:
            os.close(handle)


def full(error: BaseException | None) -> bool:
    """Whether a disk, or a person's share of it, had no room left."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def explain(error: OSError, place: Path) -> str:
    """One sentence on why a file could not be written."""
    if full(error):
        return f"The disk is full: '{place.name}' was not written. Free some space in {place.parent} and try again."
    return f"'{place}' cannot be written: {error.strerror or error}."
