"""Streamlit's private names are where the app looks for them, and only one file of it does.

After an update of Streamlit this says which name went, before thirty other tests fail for it.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pruning.common.environment import ROOT

HOME = "pages/shared/streamlit_internals.py"
PUBLIC = ("streamlit.delta_generator", "streamlit.errors")
"""Modules beside ``streamlit`` itself that a page may import: what it draws on, and what can go wrong."""


def found(name: str) -> Any:
    """What a full name such as ``streamlit.runtime.Runtime.instance`` stands for."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        with suppress(ModuleNotFoundError):
            value = importlib.import_module(".".join(parts[:end]))
            for part in parts[end:]:
                value = getattr(value, part)
            return value
    raise ModuleNotFoundError(name)


def runtime() -> Any:
    """A runtime of Streamlit's that serves nobody; the process's own one stays."""
    made, config = found("streamlit.runtime.Runtime"), found("streamlit.runtime.RuntimeConfig")
    kept = found("streamlit.runtime.memory_session_storage.MemorySessionStorage")()
    instance, made._instance = made._instance, None
    try:
        return made(config("app.py", SimpleNamespace(), None, session_storage=kept))
    finally:
        made._instance = instance


def has(*names: str) -> Callable[[Any], None]:
    """Each name, with dots, leads somewhere from a value."""

    def check(value: Any) -> None:
        for name in names:
            now = value
            for part in name.split("."):
                now = getattr(now, part)

    return check


def takes(*names: str) -> Callable[[Any], None]:
    """A dataclass has fields of these names."""

    def check(kind: Any) -> None:
        missing = set(names) - {field.name for field in fields(kind)}
        if missing:
            raise AttributeError(f"no field {', '.join(sorted(missing))}")

    return check


UTILS = "streamlit.runtime.scriptrunner_utils"
PRIVATE: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {
    f"{UTILS}.script_run_context.get_script_run_ctx": (
        lambda: found(f"{UTILS}.script_run_context.get_script_run_ctx")(suppress_warning=True),
        lambda context: None,
    ),
    f"{UTILS}.script_run_context.ScriptRunContext": (
        lambda: found(f"{UTILS}.script_run_context.ScriptRunContext"),
        takes(
            "query_string",
            "script_requests",
            "fragment_ids_this_run",
            "fragment_storage",
            "cached_message_hashes",
            "context_info",
            "is_history_navigation",
        ),
    ),
    f"{UTILS}.script_run_context.ScriptRunContext.pages_manager.intended_page_name": (
        lambda: found("streamlit.runtime.pages_manager.PagesManager"),
        has("intended_page_name"),
    ),
    f"{UTILS}.script_run_context.ScriptRunContext.page_script_hash": (
        lambda: found(f"{UTILS}.script_run_context.ScriptRunContext"),
        has("page_script_hash"),
    ),
    f"{UTILS}.script_run_context.ThreadState.get().fragment_id": (
        lambda: found(f"{UTILS}.script_run_context.FragmentThreadState"),
        takes("fragment_id"),
    ),
    f"{UTILS}.script_run_context.ThreadState.get": (
        lambda: found(f"{UTILS}.script_run_context.ThreadState"),
        has("get"),
    ),
    f"{UTILS}.script_requests.RerunData": (
        lambda: found(f"{UTILS}.script_requests.RerunData"),
        takes(
            "query_string",
            "page_script_hash",
            "fragment_id_queue",
            "is_fragment_scoped_rerun",
            "cached_message_hashes",
            "context_info",
        ),
    ),
    f"{UTILS}.script_requests.ScriptRequests": (
        lambda: found(f"{UTILS}.script_requests.ScriptRequests")(),
        has("_state", "_rerun_data.fragment_id_queue", "request_rerun"),
    ),
    f"{UTILS}.script_requests.ScriptRequestType": (
        lambda: found(f"{UTILS}.script_requests.ScriptRequestType"),
        has("CONTINUE", "STOP"),
    ),
    "streamlit.runtime.fragment.FragmentStorage.resolve_target": (
        lambda: found("streamlit.runtime.fragment.FragmentStorage"),
        has("resolve_target"),
    ),
    "streamlit.runtime.exists, get_instance": (
        lambda: found("streamlit.runtime"),
        has("exists", "get_instance"),
    ),
    "streamlit.runtime.Runtime": (
        runtime,
        has("_get_async_objs", "_session_mgr._session_storage._cache.expire"),
    ),
    "streamlit.runtime.runtime.AsyncObjects.eventloop": (
        lambda: found("streamlit.runtime.runtime.AsyncObjects"),
        lambda kind: takes("eventloop")(kind) if hasattr(kind, "__dataclass_fields__") else has("eventloop")(kind),
    ),
    "streamlit.runtime.memory_uploaded_file_manager.MemoryUploadedFileManager": (
        lambda: found("streamlit.runtime.memory_uploaded_file_manager.MemoryUploadedFileManager")(""),
        has("add_file", "file_storage", "_lock", "_total_bytes"),
    ),
    "streamlit.auth_util.validate_auth_credentials": (
        lambda: found("streamlit.auth_util.validate_auth_credentials"),
        lambda check: None,
    ),
}
"""Each name, how to come by it, and what of it is used."""


def pinned() -> str:
    """The version that requirements.txt names."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith("streamlit=="))


def complaint(name: str, come_by: Callable[[], Any], check: Callable[[Any], None]) -> str:
    """What is wrong with a private name, in a sentence; "" where it is as it was."""
    try:
        check(come_by())
    except (ImportError, AttributeError, TypeError) as error:
        return (
            f"Streamlit's private {name} is not what {HOME} takes it for: {error}. Installed is Streamlit "
            f"{version('streamlit')}; requirements.txt pins {pinned()}, with which the file was written."
        )
    return ""


@pytest.mark.parametrize("name", PRIVATE)
def test_streamlit_s_private_names_are_there(name: str) -> None:
    if wrong := complaint(name, *PRIVATE[name]):
        pytest.fail(wrong, pytrace=False)


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("streamlit.runtime.no_such_name", has()),
        ("streamlit.no_such_module.name", has()),
        ("streamlit.runtime.Runtime", has("_no_such_part")),
        (f"{UTILS}.script_requests.RerunData", takes("no_such_field")),
    ],
)
def test_one_that_went_is_named_with_the_pinned_version(name: str, check: Callable[[Any], None]) -> None:
    said = complaint(name, lambda: found(name), check)
    assert name in said and pinned() in said and "no_such" in said


def private(source: str) -> list[str]:
    """What a source uses of Streamlit's private names: its modules, and attributes with an underscore of anything but
    the object itself."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module]
            wrong += [alias.name for alias in node.names if node.module == "streamlit" and alias.name[0] == "_"]
        wrong += [name for name in modules if name.startswith("streamlit.") and name not in PUBLIC]
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            wrong += [node.attr] if owner not in ("self", "cls") else []
    return wrong


@pytest.mark.parametrize(
    "path",
    [path for path in [*sorted((ROOT / "pages").rglob("*.py")), ROOT / "app.py"] if path != ROOT / HOME],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_only_one_file_uses_them(path: Path) -> None:
    assert private(path.read_text()) == []


def test_a_file_that_uses_one_would_be_found() -> None:
    assert private((ROOT / HOME).read_text())
    assert private("import streamlit.runtime as r") == ["streamlit.runtime"]
    assert private("from streamlit import _config\nst.session_state._state\nself._own") == ["_config", "_state"]
