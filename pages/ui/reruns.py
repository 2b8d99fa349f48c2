"""Two questions to Streamlit that its public functions do not take outside of callbacks."""

from __future__ import annotations

from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx


def replaced() -> bool:
    """Whether the person did something meanwhile: the page will be drawn whole, and this run ends at its first element.
    """
    context = get_script_run_ctx()
    requests = context.script_requests if context is not None else None
    if requests is None or requests._state is not ScriptRequestType.RERUN:
        return False
    return not requests._rerun_data.fragment_id_queue


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
