"""What the Curves page finds: the chart, the numbers of each curve, work under way, and what failed."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from pages.choices.curves import View
from pages.curves.known import jobs, look, profile_of, sizing
from pages.curves.offers import failures, offer, sizes, whole
from pages.curves.work import estimate
from pages.shared import jobs as background
from pages.shared.collect import table_button
from pages.shared.jobs import job
from pages.shared.plain import plain
from pages.shared.show import show
from pruning.common.errors import PruningError
from pruning.results.charts.base import percent
from pruning.results.charts.curves import curves
from pruning.results.curves import means_frame, points_frame, summary_frame
from pruning.zoo.kinds import datasets, models

ENOUGH = 6
"""Levels that make a first picture: a run that has as many needs none on a subset."""


def begin(view: View) -> bool:
    """Ask for what was added, for first pictures, and for the rest where that is quick; returns whether work is on."""
    found = look(view)
    st.session_state["curves_norm"] = any((profile_of(work) or {}).get("batch_norm") for work, _ in found)
    wanted: set[str] = st.session_state.setdefault("curves_wanted", set())
    lacking = [(work, has) for work, has in found if has.lacking]
    quick = estimate(view, sum(len(has.lacking) for _, has in lacking)).quick
    try:
        for work, has in lacking:
            if len(has.points) < ENOUGH and job(work.first) is None and job(work.full) is None:
                background.begin(work.first)
        for work, _ in lacking:
            ended = (early := job(work.first)) is not None and early.state in ("failed", "cancelled")
            if (work.curve in wanted or (quick and not ended)) and job(work.full) is None:
                background.begin(work.full, f"Curves: {work.setting.sentence()}")
    except PruningError as error:
        st.error(plain(str(error)))
    st.session_state["curves_wanted"] = set()
    return any(not job.finished for _, job in jobs(found)) or bool(sizing(found))


def panel(view: View) -> bool:
    """Chart, progress, failures and numbers; returns whether anything is under way."""
    found = look(view)
    views = list(jobs(found))
    running = [job for _, job in views if not job.finished]
    failed = {(work.curve, work.run): job.error for work, job in views if job.state == "failed"}
    points = points_frame(point for _, has in found for point in has.points)
    planned = {curve.label(): len(view.runs(curve)) for curve in view.curves}
    lost = {name: sum(curve == name for curve, _ in failed) for name in planned}
    alive = {name: planned[name] - lost[name] or planned[name] for name in planned}
    partly = {pair for pair in failed if lost[pair[0]] < planned[pair[0]]}
    bad = [pair in partly for pair in zip(points["curve"], points["run"], strict=True)]
    means = means_frame(points[~pd.Series(bad, index=points.index, dtype=bool)], alive)
    dense = _dense(points)
    chance = 1 / models[view.model].classes
    chart = curves(
        points,
        means,
        view.axis,
        dense,
        chance,
        [curve.label() for curve in view.curves if curve.control],
        next((has.dense_bytes for _, has in found if not math.isnan(has.dense_bytes)), math.nan),
        view.split,
        bool(running),
        planned,
        {"model": view.model, "data": view.data or models[view.model].data or ""},
    )
    show(chart, "curves", width=500)
    _caption(view, points)
    failures(failed)
    if running:
        whole(view, found, running)
    else:
        offer(view, found)
    if view.axis == "bytes":
        sizes(view, found)
    _numbers(means)
    return bool(running) or bool(sizing(found))


def _dense(points: pd.DataFrame) -> float | None:
    """Accuracy before pruning, the mean over the training seeds that are shown."""
    if points.empty:
        return None
    best = points[points["count"] == points["count"].max()]
    return float((best["accuracy"] + best["lost"]).groupby(best["run"]).first().mean())


def _caption(view: View, points: pd.DataFrame) -> None:
    """Which images, how many, and what the band is."""
    data = datasets[view.data or models[view.model].data or ""].label if points.size else ""
    if not data:
        return
    counts = sorted({int(count) for count in points["count"]})
    seen = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} (hollow points) and {counts[-1]:,}"
    stored = " Some points are stored with the program." if (points["origin"] == "bundled").any() else ""
    use = (
        "Choices use validation data; results are reported on test data."
        if view.split == "test"
        else "Validation images: right for picking a scorer, too good for reporting the one picked."
    )
    st.caption(
        f"{data} {view.split}, {seen} images, {view.device.upper()}. Band: for one seed the 95 % Wilson interval "
        f"of its images, for several one standard deviation; single seeds faint.{stored} {use}"
    )


def _numbers(means: pd.DataFrame) -> None:
    """A line of numbers for each curve."""
    summary = summary_frame(means)
    if summary.empty:
        return

    def at(share: Any, open_end: bool) -> str:
        return "at none" if share is None or pd.isna(share) else ("≥ " if open_end else "") + percent(share)

    low, high = summary["low"].iloc[0], summary["high"].iloc[0]
    table = pd.DataFrame(
        {
            "curve": summary["curve"],
            "area": [percent(area, 2) for area in summary["area"]],
            "1 point lost": [at(row["one"], row["one_open"]) for row in summary.to_dict("records")],
            "5 points lost": [at(row["five"], row["five_open"]) for row in summary.to_dict("records")],
            "seeds": summary["seeds"],
            "images": summary["images"],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        placeholder="–",
        key="curves_table",
        width="stretch",
        column_config={"images": st.column_config.NumberColumn("images", format="localized")},
    )
    table_button("Curves: mean accuracy, and sparsity at which 1 and 5 points are lost", table, "curves_table")
    st.caption(
        f"Area: under the curve over {percent(low)} to {percent(high)} sparsity (what all curves reach), as mean "
        "accuracy; by straight lines between measured levels. Then the sparsity at which 1 and 5 points are lost "
        "(dense minus pruned on the same images); images: the fewest of any point."
    )
