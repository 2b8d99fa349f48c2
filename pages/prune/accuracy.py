"""What it costs: the headline, the accuracy now, the curve, and the images whose prediction changed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from pages.choices.levels import unit_of
from pages.choices.setting import Setting
from pages.prune.curve import curve_points, dense_of, dense_value, missing, same_curve
from pages.prune.words import headline
from pages.shared.answers import TEST, Answer, ask
from pages.shared.estimates import left, passes
from pages.shared.jobs import begin, stop
from pages.shared.live import looked
from pages.shared.offers import button
from pages.shared.plain import plain
from pages.shared.server import engine
from pages.shared.show import show
from pruning.engine.jobs import JobView
from pruning.results.charts.accuracy_curve import accuracy_curve
from pruning.results.charts.words import tip
from pruning.results.frames import curve_frame
from pruning.results.sentences import difference, interval
from pruning.study.study import Study
from pruning.zoo.kinds import datasets, models

PRUNED, RECALIBRATED = "Pruned", "Pruned, BatchNorm recalibrated"
NOW = {"Dense": "now_dense", PRUNED: "now_pruned", RECALIBRATED: "now_recalibrated"}
"""What is shown of a level, and the key of where it stands."""


def answers(setting: Setting, norm: bool) -> dict[str, Answer]:
    """Accuracy at the chosen level, plain and (with BatchNorm) recalibrated."""
    found = {"pruned": ask(setting.study(TEST), "accuracy")}
    if norm:
        found["recalibrated"] = ask(setting.study(TEST, recalibrate=True), "recalibrated")
    return found


def busy(setting: Setting, norm: bool) -> bool:
    """Whether an accuracy of this setting is still being measured; asks for it."""
    return any(answer.pending for answer in answers(setting, norm).values())


def say_headline(setting: Setting, norm: bool, profile: Mapping[str, Any] | None) -> bool:
    """The page's finding; it sharpens while images come in."""
    found = answers(setting, norm)
    better = found["recalibrated"].value if norm else None
    dense = dense_value(setting, found["pruned"])
    st.header(headline(setting, found["pruned"].value, better, profile, dense), anchor=False)
    return any(answer.pending for answer in found.values())


def accuracy_now(setting: Setting, norm: bool) -> bool:
    """Dense, pruned and recalibrated accuracy on the same images, with intervals."""
    found = answers(setting, norm)
    pruned = found["pruned"]
    if pruned.error:
        st.info(plain(pruned.error), icon=":material/info:")
        return False
    if pruned.value is None:
        st.caption("First images …")
        return True
    value = pruned.value
    before = dense_value(setting, pruned) or value
    label = "" if before["count"] == value["count"] else f", {before['count']:,} images"
    rows = [("Dense", {**before, "correct": before["dense_correct"]}, ""), (PRUNED, value, difference(value))]
    again = found.get("recalibrated")
    if again is not None and again.value is not None:
        rows.append((RECALIBRATED, again.value, difference(again.value)))
    for name, counted, change in rows:
        with st.container(key=NOW[name]):
            counts = interval(counted)
            st.metric(
                name + (label if name == "Dense" else ""),
                counts,
                change or None,
                "off",
                help=tip("Wilson interval"),
                delta_arrow="off",
            )
    if again is not None and again.value is None:
        st.caption(again.error or "Recalibrating BatchNorm on 1,000 training images …")
    pending = any(answer.pending for answer in found.values())
    if pending:
        done = value["count"]
        total = max(done, pruned.job.total if pruned.job else 0)
        st.progress(done / total, f"measured on {done:,} of {total:,} images")
    source = "stored with the program" if pruned.origin == "bundled" else "measured here"
    data = datasets[setting.base.data_name or ""].label
    st.caption(
        f"{data} test, {value['count']:,} images, {setting.device.upper()}, {source}. In brackets the 95 % Wilson "
        "interval; the difference is paired (the same images), tested by McNemar."
    )
    return pending


def curve_panel(setting: Setting, norm: bool, old: Setting | None) -> bool:
    """Accuracy over all levels: what is stored, what was measured, and what can still be measured."""
    variants = ("pruned", "recalibrated") if norm else ("pruned",)
    points = curve_points(setting, variants)
    partial = [
        (setting.sparsity, variant, answer.value, "computed")
        for variant, answer in answers(setting, norm).items()
        if answer.origin == "partial" and answer.value
    ]
    curve = curve_frame([*points, *partial])
    lacking = missing(setting, points, variants)
    running = _views(setting)
    dense = dense_of([*points, *partial])
    chance = 1 / models[setting.model].classes
    baseline = None
    if old is not None:
        baseline = curve_frame(curve_points(old, ("recalibrated",) if norm else ("pruned",)))
        baseline = baseline if len(baseline) else curve_frame(curve_points(old, ("pruned",)))
    label = f"pinned: {old.sentence()}" if old is not None else "pinned"
    chart = accuracy_curve(
        curve, setting.sparsity, dense, chance, setting.axis, baseline, label, bool(running), unit_of(setting)
    )
    show(chart, "curve", width=440)
    if running:
        _progress(running)
    elif lacking and not answers(setting, norm)["pruned"].error:
        _offer(setting, lacking)
    return bool(running) or busy(setting, norm)


def busy_curve(setting: Setting) -> bool:
    """Whether the curve of this setting is being measured, by whomever."""
    return bool(_views(setting))


def _views(setting: Setting) -> list[JobView]:
    """Work on this setting's curve that is under way, whoever asked for it."""
    return [looked(view) for view in engine().views() if view.durable and same_curve(setting, view.study)]


def _progress(views: list[JobView]) -> None:
    """How far the curve is, how long it will take, and the way to stop it."""
    done, total = sum(v.done for v in views), sum(v.total for v in views)
    st.progress(min(1.0, done / total) if total else 0.0, f"Measuring the curve, {left(views)}")
    if st.button("Cancel", key="cancel_curve"):
        stop(views)


def _offer(setting: Setting, lacking: list[Study]) -> None:
    """Start what is missing, with the time it will take."""
    count = sum(len(study.cells()) for study in lacking)
    button(
        f"Measure the {count} missing points",
        partial(_begin, setting, lacking),
        "measure_curve",
        passes(setting.model, setting.device, 10_000 * count),
        icon=None,
        help="10,000 test images at each level; stored, so nobody computes it again.",
    )


def _begin(setting: Setting, lacking: list[Study]) -> None:
    for study in lacking:
        begin(study, f"Curve: {setting.sentence()}")
