"""Parts of a page that are drawn again when their jobs have moved, and only then.

Thirty open pages that draw themselves anew twice a second are more work than all their sliders. So a page has one
watcher: a fragment that draws nothing, looks at the jobs behind each part, and asks for those parts that have something
new to show.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.shared.server import engine
from pages.shared.streamlit_internals import again, last, replaced
from pages.shared.told import told
from pages.shared.turns import turns
from pruning.common.errors import PruningError
from pruning.engine.jobs import JobView

POLL = 0.5
"""Seconds between two looks at the jobs of a page."""
PATIENCE = 2.0
"""Seconds for which a part that is done waits for the others, before the whole page is drawn once more."""
PARTS, DRAWING, WATCHER, CAME = "live_parts", "live_drawing", "live_watcher", "live_came"
NEW_SECONDS = 10.0
"""So long a browser that has just come waits for those that were there before."""

Stamp = tuple[Any, ...]


@dataclass
class Part:
    """One part of the page, as it was drawn last."""

    every: float
    watched: bool
    page: bool
    pending: bool = True
    asked: bool = False
    """Whether the watcher asked for it; else a person did something in it."""
    drawn: float = 0.0
    jobs: dict[str, Stamp] = field(default_factory=dict)
    """The jobs that were looked at, by what there was to see; those that had ended are left out."""

    def due(self) -> bool:
        """Whether there is something new: at once where a job ended, at most every so many seconds where one moved. A
        part that waits for something else than a job is drawn at each turn."""
        if not self.pending:
            return False
        turn = time.monotonic() - self.drawn >= self.every
        now = [_now(job) for job in self.jobs]
        ended = any(view is None or view.finished for view in now)
        moved = any(view is not None and _stamp(view) != self.jobs[view.id] for view in now)
        return ended or (turn and (moved or not now))


def _now(job: str) -> JobView | None:
    try:
        return engine().view(job)
    except PruningError:
        return None


def _stamp(view: JobView) -> Stamp:
    return view.state, view.done, view.total, view.note, id(view.partial)


def looked(view: JobView) -> JobView:
    """Note that the part of the page which is being drawn shows this job; returns it."""
    part: Part | None = st.session_state.get(DRAWING)
    if part is not None and not view.finished:
        part.jobs[view.id] = _stamp(view)
    return view


@contextmanager
def _drawing(part: Part) -> Generator[None]:
    """Everything that is looked at meanwhile belongs to this part."""
    part.jobs.clear()
    st.session_state[DRAWING] = part
    try:
        yield
    finally:
        part.drawn, part.asked = time.monotonic(), False
        st.session_state[DRAWING] = None


def live(draw: Callable[[], bool], name: str, pending: bool, every: float = POLL, page: bool = True) -> None:
    """Draw a part of the page, again whenever its jobs have moved.

    Args:
        draw: draws, and returns whether something is still under way.
        name: unique on the page.
        pending: whether something is under way now; a part of which nothing is, and that begins nothing, stays as it
            is.
        every: seconds between two looks at a job that goes on; charts that change at each look need time to be drawn.
        page: whether the rest of the page shows what comes out: then it is drawn once more when all is done.
    """
    part = Part(every, pending, page)
    st.session_state.setdefault(PARTS, {})[name] = part

    whole_page = [True]

    @st.fragment(key=name)
    def body() -> None:
        person = not part.asked
        turn = nullcontext() if whole_page else turns.take(person, needless=replaced, new=person and _new())
        with turn, _drawing(part), told():
            part.pending = False
            part.pending = draw()

    body()
    whole_page.clear()


def whole(draw: Callable[[], None]) -> None:
    """Draw a page when its turn has come, and watch its parts while something is under way."""
    parts: dict[str, Part] = {}
    st.session_state[PARTS], st.session_state[DRAWING] = parts, None
    with turns.take(person=True, needless=replaced, new=_new()), told():
        draw()
    _watch(parts)


def _new() -> bool:
    """Whether this browser came a moment ago."""
    return time.monotonic() - st.session_state.setdefault(CAME, time.monotonic()) < NEW_SECONDS


def _watch(parts: dict[str, Part]) -> None:
    """The watcher, and around it a fragment that is drawn without it when there is nothing to watch any more."""
    watched = {name: part for name, part in parts.items() if part.watched or part.pending}
    if not watched:
        return
    first = [True]

    @st.fragment(key=WATCHER)
    def around() -> None:
        if first or any(part.pending for part in watched.values()):
            look()

    @st.fragment(run_every=POLL)
    def look() -> None:
        if first or not last():
            return
        due = [name for name, part in watched.items() if part.due()]
        done = [part for part in watched.values() if not part.pending]
        wanted = [part.drawn for part in done if part.page]
        for name in due:
            watched[name].asked = True
        if due:
            again(due)
        elif wanted and (len(done) == len(watched) or time.monotonic() - max(wanted) > PATIENCE):
            st.rerun()
        elif len(done) == len(watched):
            again([WATCHER])

    around()
    first.clear()
