"""Work on curves: how far it is, how to stop it, what failed, and what can still be measured."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.choices.curves import View
from pages.curves.known import KnownCurves, size_study, sizing
from pages.curves.work import FEW, CurveWork, estimate
from pages.shared.estimates import left
from pages.shared.jobs import begin, begin_all, mean_share, progress
from pages.shared.offers import button
from pages.shared.plain import plain
from pages.shared.weights import say_absent
from pruning.engine.jobs import JobView


def failures(failed: dict[tuple[str, str], str]) -> None:
    """What could not be computed, each sentence once, beside what was."""
    reasons: dict[str, list[str]] = {}
    for (curve, run), error in failed.items():
        reasons.setdefault(error, []).append(f"{curve} ({run})")
    for error, runs in reasons.items():
        st.warning(plain(f"Failed: {'; '.join(runs)}. {error}"), icon=":material/error:")


def _counted(running: list[JobView]) -> str:
    return f"{len(running)} run{'s' if len(running) > 1 else ''} under way"


def whole(view: View, found: list[tuple[CurveWork, KnownCurves]], running: list[JobView]) -> None:
    """Progress of all curves: levels that were measured on all images, and parts of those under way."""
    points, lacking = (sum(map(len, parts)) for parts in ((w.levels for w, _ in found), (h.lacking for _, h in found)))
    silent = {job.id for job in running if job.seconds_left is None}
    unknown = sum(len(has.lacking) for work, has in found if silent & {work.first.key, work.full.key})
    words = left(running, estimate(view, unknown) if unknown else None)
    share = 1 - (lacking - 0.5 * mean_share(running)) / points
    progress(running, share, f"{_counted(running)}, {words}", "curves_cancel")
    say_absent(view.model)


def offer(view: View, found: list[tuple[CurveWork, KnownCurves]]) -> None:
    """Measure what is missing, with the time it will take."""
    lacking = [(work, has) for work, has in found if has.lacking]
    count = sum(len(has.lacking) for _, has in lacking)
    if not count:
        return
    button(
        f"Sharpen: measure {count} missing points on all images",
        partial(_measure, [work for work, _ in lacking]),
        "curves_measure",
        estimate(view, count),
        help=f"Hollow points saw {FEW:,} images. What is measured is stored, so nobody computes it again.",
    )


def _measure(lacking: list[CurveWork]) -> None:
    for work in lacking:
        begin(work.full, f"Curves: {work.setting.sentence()}")


def sizes(view: View, found: list[tuple[CurveWork, KnownCurves]]) -> None:
    """Bytes are lengths of files that are really made, so they are made when asked for."""
    if running := sizing(found):
        progress(running, mean_share(running), f"{_counted(running)}, measuring", "curves_sizes_cancel")
        return
    lacking = [(work, has) for work, has in found if has.sizes]
    count = sum(len(has.sizes) for _, has in lacking)
    if not count:
        return
    st.caption("Bytes: a file with one bit a weight and the kept values. Points whose file was not made are left out.")
    studies = [size_study(work) for work, _ in lacking]
    button(f"Make {count} files and measure them", partial(begin_all, studies), "curves_sizes", icon=":material/save:")
