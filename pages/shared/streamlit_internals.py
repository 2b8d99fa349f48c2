"""Streamlit's private names, all of them: what its public functions do not tell, or take in callbacks only.

Another version may move any of them. ``tests/pages/test_streamlit_internals.py`` has the list, says which one went, and
sees to it that no other file of the app uses one.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from streamlit.auth_util import validate_auth_credentials
from streamlit.errors import StreamlitAuthError
from streamlit.runtime import exists, get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState, get_script_run_ctx

PATIENCE = 5.0
"""Seconds to wait for the server's own thread."""


def drawing() -> bool:
    """Whether this is a session's run of the app, and no plain Python."""
    return get_script_run_ctx(suppress_warning=True) is not None


def session_id() -> str:
    """Streamlit's name of the session that is being drawn; "" in plain Python."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context is not None else ""


def connected(session: str) -> bool:
    """Whether the browser of a session is connected; without a web server (a test, a script) nobody ever leaves."""
    return not exists() or get_instance().is_active_session(session)


def serve(app: str, options: list[str]) -> None:
    """Start a server for the app, as ``streamlit run`` does, and stay until it ends. The pages are those that the app
    tells, from the first address on: a folder ``pages`` means something else to Streamlit until then."""
    from streamlit.web.cli import main

    PagesManager.uses_pages_directory = False
    main(["run", app, *options])


def replaced() -> bool:
    """Whether this run ends at its first element: the person left, or did something for which the page is drawn whole,
    which Streamlit begins in another thread while it stops this one."""
    context = get_script_run_ctx()
    requests = context.script_requests if context is not None else None
    if requests is None or requests._state is ScriptRequestType.CONTINUE:
        return False
    return requests._state is ScriptRequestType.STOP or not requests._rerun_data.fragment_id_queue


def last() -> bool:
    """Whether no other part waits behind the one that is being drawn: all that were asked for together are drawn in one
    run, and a new request ends it. A click in one of the others would be lost."""
    context = get_script_run_ctx()
    queue = context.fragment_ids_this_run if context is not None else None
    return not queue or queue[-1] == ThreadState.get().fragment_id


def again(names: list[str]) -> None:
    """Ask for parts, as ``st.rerun(names)`` does, which Streamlit allows in callbacks only: there the run that is under
    way would be lost. Here it has drawn nothing, and ends by itself."""
    context = get_script_run_ctx()
    if context is None or context.script_requests is None:
        return
    context.script_requests.request_rerun(
        RerunData(
            query_string=context.query_string,
            page_script_hash=context.page_script_hash,
            fragment_id_queue=context.fragment_storage.resolve_target(names),
            is_fragment_scoped_rerun=True,
            cached_message_hashes=context.cached_message_hashes,
            context_info=context.context_info,
        )
    )


def asked_page() -> str:
    """The page that the browser's first address names; "" where it names none."""
    context = get_script_run_ctx()
    return (context.pages_manager.intended_page_name or "") if context is not None else ""


def came_back() -> bool:
    """Whether this run began with the browser's button for back or forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def credentials_lack() -> str:
    """What ``.streamlit/secrets.toml`` lacks for signing in at its provider; "" where all is there."""
    try:
        validate_auth_credentials("default")
    except StreamlitAuthError as error:
        return " ".join(str(error).split())
    return ""


def forget_left() -> int:
    """Let go of the sessions whose browsers have left and whose time is over; returns how many.

    Streamlit keeps each for two minutes, as a lost connection may come back, and looks only when the next browser
    leaves: the sessions of a class that went home would stay until somebody comes, with all their tables and charts.
    Called from any thread but the server's own.
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


def ask_before_upload(refusal: Callable[[int, list[int], int], str]) -> None:
    """Let ``/_stcore/upload_file`` keep a file only where nothing is said against it; asked once for all sessions.

    Args:
        refusal: is given the file's bytes, those of each file of its session, and those of all sessions together; says
            why it is refused, or "".
    """
    kept = MemoryUploadedFileManager.add_file
    if kept.__name__ == "asking":
        return

    def asking(self: MemoryUploadedFileManager, session_id: str, file: Any) -> None:
        from starlette.exceptions import HTTPException

        with self._lock:
            mine = {name: len(held.data) for name, held in self.file_storage.get(session_id, {}).items()}
            before = mine.pop(file.file_id, 0)
            everybody = self._total_bytes - before
        if said := refusal(len(file.data), list(mine.values()), everybody):
            raise HTTPException(413, said)
        kept(self, session_id, file)

    MemoryUploadedFileManager.add_file = asking  # type: ignore[method-assign]
