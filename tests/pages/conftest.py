"""Pages run on a store of their own; one engine serves all tests of a run, as it serves all sessions of a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.pages.look import PATIENCE, settled, turn_to

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh store for this run; the engine that the app starts is closed at the end."""
    from pages.shared.server import engine

    folder = tmp_path_factory.mktemp("server")
    patch = pytest.MonkeyPatch()
    patch.setenv("PRUNING_STORE", f"sqlite:///{folder / 'test.db'}")
    patch.setenv("PRUNING_ARTEFACTS", str(folder / "artefacts"))
    patch.setenv("PRUNING_WORKERS", "2")
    patch.chdir(ROOT)
    st.cache_resource.clear()
    yield folder
    engine().close()
    st.cache_resource.clear()
    patch.undo()


@pytest.fixture
def visit(server: Path) -> Callable[..., AppTest]:
    """Open the app with the words of a link, and wait until nothing is under way any more."""

    def opened(**words: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
        for name, value in words.items():
            page.query_params[name] = value
        if not words:
            turn_to(page, "prune")
        return settled(page.run())

    return opened
