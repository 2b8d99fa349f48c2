"""Give a study to the engine, show progress, wait, cancel on Ctrl-C."""

from __future__ import annotations

import getpass
import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pruning.common.environment import Settings
from pruning.common.errors import BadValue, Cancelled, PruningError

if TYPE_CHECKING:
    from pruning.engine.engine import Engine
    from pruning.engine.jobs import JobView
    from pruning.study.study import Study

LOOK_SECONDS = 0.2
STUCK_SECONDS = 60.0
"""A job that waits so long with a complaint (workers that do not start) is given up."""


def compute(study: Study) -> list[dict[str, Any]]:
    """All rows of a study, from the store or computed by one worker process (or by the cluster of the settings).

    Raises:
        Cancelled: Ctrl-C; what was finished is kept.
        PruningError: it could not be computed, in one sentence.
    """
    from pruning.engine.engine import Engine

    with Engine(_settings()) as engine:
        view = _wait(engine, study, durable=True)
        if view.state == "done" and view.rows is None:  # computed by another server: the store answers
            view = _wait(engine, study, durable=False)
    if view.state == "cancelled":
        raise Cancelled("The work was cancelled elsewhere; what was finished until then is kept.")
    if view.state != "done" or view.rows is None:
        kind = BadValue if view.wrong else PruningError  # so that wrong input has one exit code, found early or late
        raise kind(view.error or "The work was interrupted.")
    return view.rows


def _settings() -> Settings:
    """The settings of the environment; one study keeps one worker busy, so one is started unless more are asked for."""
    given = dict(os.environ)
    if not given.get("PRUNING_WORKERS", "").strip():
        given["PRUNING_WORKERS"] = "1"
    return Settings.read(given)


def _wait(engine: Engine, study: Study, *, durable: bool) -> JobView:
    owner = _owner()
    job = engine.submit(study, owner=owner, durable=durable)
    complained = None
    try:
        with progress_bar() as show:
            while not (view := engine.wait(job, LOOK_SECONDS)).finished:
                show(view.done, view.total, view.note)
                complained = (complained or time.monotonic()) if view.state == "queued" and view.note else None
                if complained and time.monotonic() - complained > STUCK_SECONDS:
                    engine.cancel(job, owner)
                    raise PruningError(view.note)
    except KeyboardInterrupt:
        engine.cancel(job, owner)
        raise Cancelled("Cancelled; what was finished until then is kept.") from None
    return view


def _owner() -> str:
    try:
        return f"command line ({getpass.getuser()})"
    except (OSError, KeyError, ImportError):  # a user without a name, as in some containers
        return "command line"


@contextmanager
def progress_bar() -> Generator[Callable[[float, float, str], None]]:
    """A function ``(done, total, note)`` that moves a bar on standard error, or does nothing where that is no
    terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total, note: None
        return
    from tqdm import tqdm

    form = "{desc:<24} {percentage:3.0f}% |{bar}| {elapsed}<{remaining}"
    with tqdm(total=1.0, bar_format=form, leave=False, file=sys.stderr) as bar:

        def show(done: float, total: float, note: str) -> None:
            bar.set_description_str((note or "waiting")[:60], refresh=False)
            bar.n = min(1.0, done / total) if total else 0.0
            bar.refresh()

        yield show
