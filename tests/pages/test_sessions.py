"""Sessions whose browsers have left are let go of when their time is over, also where nobody comes any more."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.session_manager import SessionInfo

from pages.shared import streamlit_internals
from pruning.common import memory


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A server's own thread."""
    found = asyncio.new_event_loop()
    thread = threading.Thread(target=found.run_forever)
    thread.start()
    yield found
    found.call_soon_threadsafe(found.stop)
    thread.join(10)
    found.close()


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop) -> MemorySessionStorage:
    """Where a runtime of Streamlit's keeps the sessions of those who left, for a tenth of a second."""
    kept = MemorySessionStorage(ttl_seconds=0.1)  # ty: ignore[invalid-argument-type]
    instance = Runtime._instance
    Runtime._instance = None
    try:
        runtime = Runtime(RuntimeConfig("app.py", SimpleNamespace(), None, session_storage=kept))  # ty: ignore[invalid-argument-type]
    finally:
        Runtime._instance = instance
    monkeypatch.setattr(runtime, "_async_objs", SimpleNamespace(eventloop=loop))
    monkeypatch.setattr(streamlit_internals, "exists", lambda: True)
    monkeypatch.setattr(streamlit_internals, "get_instance", lambda: runtime)
    return kept


def left(storage: MemorySessionStorage, name: str) -> None:
    """A browser of this name has left."""
    storage.save(SessionInfo(client=None, session=SimpleNamespace(id=name)))  # ty: ignore[invalid-argument-type]


def test_they_go_when_their_time_is_over(storage: MemorySessionStorage) -> None:
    for name in "ab":
        left(storage, name)
    assert streamlit_internals.forget_left() == 0 and len(storage._cache._data) == 2
    time.sleep(0.15)
    assert len(storage._cache._data) == 2, "Streamlit does it by itself now: this is needless"
    memory.also(streamlit_internals.forget_left)
    memory.also(streamlit_internals.forget_left)
    assert memory.rest(1e9) == 2 and not storage._cache._data


def test_without_a_server_there_are_none() -> None:
    assert streamlit_internals.forget_left() == 0


def test_a_server_that_closes_keeps_nobody_waiting(
    storage: MemorySessionStorage, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamlit_internals, "PATIENCE", 0.05)
    loop.call_soon_threadsafe(loop.stop)
    left(storage, "a")
    assert streamlit_internals.forget_left() == 0
