"""Work in the background: start studies, see how they stand, show how far they are, stop them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from pages.shared.live import looked
from pages.shared.plain import plain
from pages.shared.server import engine, operator, owner, person, session, store
from pruning.common.errors import Missing, PruningError
from pruning.engine.jobs import JobView
from pruning.study.study import Study


def begin(study: Study, name: str = "") -> None:
    """Ask for a study in the background; with a name it is listed under Runs, and opens on Prune.

    Raises:
        PruningError: the engine or the store cannot take it.
    """
    limited = not operator()
    engine().submit(study, owner=owner(), durable=True, person=person(), session=session(), limited=limited)
    if name:
        _keep(study, name, {})


def begin_all(studies: Iterable[Study]) -> None:
    """Ask for several studies in the background.

    Raises:
        PruningError: the engine or the store cannot take one of them.
    """
    wanted = list(studies)
    if not operator():
        engine().check(wanted, person())
    for study in wanted:
        begin(study)


def start(ask: Callable[[], None]) -> None:
    """Ask for work, as a button does, then draw the page anew; an error is shown in its place."""
    try:
        ask()
    except PruningError as error:
        st.error(plain(str(error)))
        return
    st.rerun()


def listed(study: Study, name: str, page: str, words: Mapping[str, str]) -> None:
    """List a study that was begun under Runs, as work of a page of its own.

    Args:
        page: the file in ``pages/`` that opens it, without its ending.
        words: the words of that page's address.

    Raises:
        PruningError: the store cannot take it.
    """
    _keep(study, name, {"page": page, "link": urlencode(words)})


def _keep(study: Study, name: str, summary: dict[str, str]) -> None:
    store().keep_run(study.model_dump_json(), owner=owner(), name=name, kept=False, seconds=0.0, summary=summary)


def job(study: Study) -> JobView | None:
    """How a study stands, if anybody asked for it."""
    return _view(study.key)


def _view(key: str) -> JobView | None:
    try:
        return looked(engine().view(key))
    except PruningError:
        return None


def jobs(studies: Iterable[Study]) -> list[JobView]:
    """How those studies stand that anybody asked for, ended ones too; a study that is named twice has one job."""
    views = map(_view, dict.fromkeys(study.key for study in studies))
    return [view for view in views if view is not None]


def under_way(studies: Iterable[Study]) -> list[JobView]:
    """The jobs of some studies that are not finished."""
    return [view for view in jobs(studies) if not view.finished]


def errors(views: Iterable[JobView]) -> list[str]:
    """Why jobs failed, each sentence once."""
    return list(dict.fromkeys(view.error for view in views if view.error))


def mean_share(views: Sequence[JobView]) -> float:
    """How far several jobs are on average, 0 to 1; 0 where there are none."""
    return sum(view.share for view in views) / max(1, len(views))


def progress(views: Sequence[JobView], share: float, words: str, key: str) -> None:
    """A line that says how far jobs are (0 to 1), and the way to stop them.

    Args:
        key: of the button.
    """
    row = st.container(horizontal=True, vertical_alignment="center")
    row.progress(min(1.0, max(0.0, share)), words)
    if row.button("Cancel", key=key) and stop(views):
        st.rerun()


def made(study: Study, timeout: float) -> bytes:
    """The file that a worker makes for a download, or a sentence in its place. For a download's own thread, which knows
    no session: each download takes its own turn."""
    try:
        return file_of(study, timeout)
    except PruningError as error:
        return f"{error}\n".encode()


def file_of(study: Study, timeout: float) -> bytes:
    """The same where a sentence in its place would be no file.

    Raises:
        PruningError: it could not be made.
    """
    for _ in range(2):
        try:
            me = f"download {uuid.uuid4().hex}"
            job = engine().submit(study, owner=me, durable=False, person=study.key)
            view = engine().wait(job, timeout=timeout)
            if not view.finished:
                engine().cancel(job, me)
            if not view.rows:
                raise Missing(view.error or "The file could not be made in time; try again.")
            return Path(view.rows[0]["value"]["path"]).read_bytes()
        except FileNotFoundError:  # made long ago, and cleaned up since
            engine().forget(study.key)
    raise Missing("The file was cleaned up before it could be read; try again.")


def stop(views: Sequence[JobView]) -> bool:
    """Cancel: this session leaves, and what nobody else waits for ends. The last jobs first, so that none begins while
    the others are being cancelled. Returns whether nothing was in the way; what was is said, so that the page
    must not be drawn anew at once."""
    done = True
    for view in reversed(views):
        try:
            ended = engine().cancel(view.id, owner(), session())
            if not ended and not view.finished:
                st.toast("You wait for it no longer; it goes on for others who do.")
        except PruningError as error:
            st.warning(plain(str(error)))
            done = False
    return done
