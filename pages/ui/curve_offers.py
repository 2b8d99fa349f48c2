"""Work on curves: how far it is, how to stop it, what failed, and what can still be measured."""

from __future__ import annotations

import streamlit as st

from pages.ui.background import begin, stop
from pages.ui.curve_known import Known, size_study, sizing
from pages.ui.curve_view import View
from pages.ui.curve_work import FEW, Work, seconds
from pruning.engine import JobView
from pruning.errors import PruningError
from pruning.sentences import duration


def failures(failed: dict[tuple[str, str], str]) -> None:
    """What could not be computed, each sentence once, beside what was."""
    reasons: dict[str, list[str]] = {}
    for (curve, run), error in failed.items():
        reasons.setdefault(error, []).append(f"{curve} ({run})")
    for error, runs in reasons.items():
        st.warning(f"Failed: {'; '.join(runs)}. {error}", icon=":material/error:")


def progress(running: list[JobView], share: float, left: float | None) -> None:
    """How far the work is (0..1), how many seconds it will take, and the way to stop it."""
    words = f"{duration(left)} left" if left is not None else "measuring"
    runs = f"{len(running)} run{'s' if len(running) > 1 else ''} under way"
    row = st.container(horizontal=True, vertical_alignment="center")
    row.progress(min(1.0, max(0.0, share)), f"{runs}, {words}")
    if row.button("Cancel", key="curves_cancel"):
        stop(running)


def whole(view: View, found: list[tuple[Work, Known]], running: list[JobView]) -> None:
    """Progress of all curves: levels that were measured on all images, and parts of those under way."""
    points, lacking = (sum(map(len, parts)) for parts in ((w.levels for w, _ in found), (h.lacking for _, h in found)))
    known = [job.seconds_left for job in running if job.seconds_left is not None]
    left = max(known, default=None) if len(known) == len(running) else seconds(view, lacking)
    early = sum(job.share for job in running) / len(running)
    progress(running, 1 - (lacking - 0.5 * early) / points, left)


def offer(view: View, found: list[tuple[Work, Known]]) -> None:
    """Measure what is missing, with the time it will take."""
    lacking = [(work, has) for work, has in found if has.lacking]
    count = sum(len(has.lacking) for _, has in lacking)
    if not count:
        return
    time = seconds(view, count)
    label = f"Sharpen: measure {count} missing points on all images" + (f" ({duration(time)})" if time else "")
    help_ = f"Hollow points saw {FEW:,} images. What is measured is stored, so nobody computes it again."
    if st.button(label, key="curves_measure", icon=":material/play_arrow:", help=help_):
        try:
            for work, _ in lacking:
                begin(work.full, f"Curves: {work.setting.sentence()}")
        except PruningError as error:
            st.error(str(error))
            return
        st.rerun()


def sizes(view: View, found: list[tuple[Work, Known]]) -> None:
    """Bytes are lengths of files that are really made, so they are made when asked for."""
    if running := sizing(found):
        progress(running, sum(job.share for job in running) / len(running), None)
        return
    lacking = [(work, has) for work, has in found if has.sizes]
    count = sum(len(has.sizes) for _, has in lacking)
    if not count:
        return
    st.caption("Bytes: a file with one bit a weight and the kept values. Points whose file was not made are left out.")
    if st.button(f"Make {count} files and measure them", key="curves_sizes", icon=":material/save:"):
        for work, _ in lacking:
            begin(size_study(work))
        st.rerun()
