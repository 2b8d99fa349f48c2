from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pruning.settings import Settings
from pruning.store import Store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store=f"sqlite:///{tmp_path / 'data' / 'store.db'}", artefacts=tmp_path / "artefacts")


@pytest.fixture
def store(settings: Settings, tmp_path: Path) -> Iterator[Store]:
    store = Store(settings, grids=tmp_path / "grids")
    yield store
    store.close()


@pytest.fixture
def about() -> dict[str, Any]:
    """What a measure is stored with."""
    return {
        "state_key": "s" * 24,
        "measure": "accuracy",
        "model": "lenet_5",
        "device": "cpu",
        "images": 100,
        "seconds": 2.0,
    }
