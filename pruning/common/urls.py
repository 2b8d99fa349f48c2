"""Addresses made of what a machine has."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote


def sqlite_url(path: Path) -> str:
    """The URL of a database file; in a folder's name ``?`` and ``%41`` would mean something else to it."""
    return f"sqlite:///{quote(str(path))}"
