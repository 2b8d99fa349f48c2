"""A folder for what a test adds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import pruning.zoo.data as zoo_data


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where added data lies; nothing so far."""
    monkeypatch.setenv("PRUNING_OWN", str(tmp_path / "shelf"))
    yield tmp_path / "shelf" / "data"
    zoo_data._load.cache_clear()
