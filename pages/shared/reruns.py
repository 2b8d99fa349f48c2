"""What Streamlit's public functions do not tell, or take in callbacks only."""

from __future__ import annotations

from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState, get_script_run_ctx


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
