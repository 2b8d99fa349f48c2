"""How long work reports itself, is cancelled, and keeps files: what steps and measures work with. No torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pruning.common.errors import StoreError


class Progress(Protocol):
    """How long work reports itself, between batches, and learns that it was cancelled."""

    def __call__(self, done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
        """Done and total are in one unit of work; ``partial`` is a first result, to be refined.

        Raises:
            Cancelled: somebody cancelled; the caller stops at once.
        """
        ...


def quiet(done: float, total: float, note: str = "", partial: dict[str, Any] | None = None) -> None:
    """A progress callback that does nothing."""


class Shelf(Protocol):
    """Storage for files that long steps keep (checkpoints), under the key of their state."""

    def read(self, kind: str, key: str, suffix: str) -> bytes | None:
        """The file's content, or None."""
        ...

    def write(self, kind: str, key: str, data: bytes, suffix: str) -> Path:
        """Keep a file, whole or not at all."""
        ...


@dataclass(frozen=True)
class Desk:
    """What a measure gets beside the state: a way to report progress, and storage for files."""

    progress: Progress = quiet
    save: Callable[[str, str, bytes, str], Path] | None = None
    """``(kind, key, data, suffix) -> path`` of a file written whole or not at all."""
    load: Callable[[str, str, str], bytes | None] | None = None
    """``(kind, key, suffix) -> content`` of a file that was saved so, or None."""

    def part(self, done: float, total: float, note: str) -> Callable[[float], None]:
        """Progress within one part of the work: takes the share of it (0..1) that is done. The part counts as one of
        ``total``, and is never reported as finished: its result does that."""
        return lambda share: self.progress(done + min(share, 0.99), total, note)

    def keeper(self) -> Callable[[str, str, bytes, str], dict[str, Any]]:
        """A function that keeps a file for download, ``(kind, key, data, suffix)``, and returns its ``path`` and
        ``bytes``. Ask for it before the file is made, so that no work is lost.

        Raises:
            StoreError: there is no store.
        """
        save = self.save
        if save is None:
            raise StoreError("A file to take home needs a store to be written to.")
        return lambda kind, key, data, suffix: {"path": str(save(kind, key, data, suffix)), "bytes": len(data)}
