"""Sessions whose browsers have left: Streamlit keeps each for two minutes, as a lost connection may come back."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from streamlit.runtime import exists, get_instance

PATIENCE = 5.0
"""Seconds to wait for the server's own thread."""


def forget_left() -> int:
    """Let go of those whose time is over; returns how many.

    Streamlit itself looks only when the next browser leaves: the sessions of a class that went home would stay until
    somebody comes, with all their tables and charts. Called from any thread but the server's own.
    """
    if not exists():  # a test, or a script
        return 0
    gone: Future[int] = Future()

    def look() -> None:
        with suppress(AttributeError):  # another Streamlit keeps them elsewhere; a test says so
            manager: Any = get_instance()._session_mgr
            gone.set_result(len(manager._session_storage._cache.expire()))

    with suppress(RuntimeError, AttributeError, TimeoutError):  # it is closing
        get_instance()._get_async_objs().eventloop.call_soon_threadsafe(look)
        return gone.result(PATIENCE)
    return 0
