"""The store's tests run on SQLite and, where Debian's PostgreSQL is installed, on a server of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pruning.common.environment import Settings
from pruning.store.store import Store
from tests.helpers import postgres


@pytest.fixture(scope="package")
def server() -> Iterator[postgres.Server]:
    where = postgres.binaries()
    if where is None:
        pytest.skip(f"PostgreSQL is not installed: no binaries under {postgres.WHERE} (apt-get install postgresql)")
    server = postgres.Server(where)
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'store.db'}"
    return request.getfixturevalue("server").base()


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    return Settings(store=url, artefacts=tmp_path / "artefacts")


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
