"""The sensitivity scan: accuracy with one layer alone pruned, and budgets made from it."""

from __future__ import annotations

import streamlit as st

from pages.choices.setting import LEVEL, Setting
from pages.shared.answers import Answer, look
from pages.shared.estimates import Estimate, light, passes
from pages.shared.offers import TITLE, offer, progress
from pages.shared.show import show
from pages.shared.state import put
from pruning.criteria.compatibility import allocations_for
from pruning.criteria.compatibility import shares as not_shared
from pruning.criteria.kinds import Solver, scorers
from pruning.results.charts.base import percent
from pruning.results.charts.sensitivity_map import sensitivity_map
from pruning.results.charts.words import tip
from pruning.results.frames import scan_frame
from pruning.study.study import MeasureSpec, Study

SCAN = "sensitivity"
"""Name of the measure, and of the allocation made from it."""


def study(setting: Setting) -> Study:
    """The scan of a setting's criterion and granularity: the same one whatever the level and the allocation."""
    names = allocations_for(setting.scorer, setting.granularity)
    allocation = "uniform" if "uniform" in names else names[0]
    plain = setting.model_copy(update={"allocation": allocation, "allocation_options": {}}).at(LEVEL)
    return plain.study(MeasureSpec(name=SCAN))


def estimate(setting: Setting, layers: int) -> Estimate:
    """How long the scan takes; half is saved, as what lies before the pruned layer is not computed again."""
    measure = MeasureSpec(name=SCAN).build()
    return passes(setting.model, setting.device, measure.count * layers * len(measure.shares) / 2)


def answer(setting: Setting, layers: int) -> Answer:
    """The scan as it stands; a short one starts by itself."""
    if issubclass(scorers[setting.scorer], Solver):
        return Answer()
    return look(study(setting), "scan", light(setting) or estimate(setting, layers).quick)


def panel(setting: Setting, layers: int) -> bool:
    """The heatmap, what it was measured on, and what to do with it; returns whether it is under way."""
    if issubclass(scorers[setting.scorer], Solver):
        label = scorers[setting.scorer].label
        st.info(f"{label} is a solver: it chooses anew at each level, so there is no order to scan. Choose a ranking.")
        return False
    found = answer(setting, layers)
    value = found.value
    if value is not None and value.get("correct"):
        dense = value["dense_correct"] / value["count"]
        chart = sensitivity_map(scan_frame(value), dense, value["count"], value["split"], setting.layer)
        show(chart, "scan", width=TITLE)
        st.caption(
            f"{value['count']:,} {value['split']} images, dense {percent(dense)}; each cell prunes one layer alone, by "
            f"{scorers[setting.scorer].label}. Choices use validation data; results are reported on test data."
        )
    elif found.pending:
        st.caption("The first layer is being measured …")
    else:
        measure = MeasureSpec(name=SCAN).build()
        st.caption(
            f"For each of {layers} layers alone: how much of it can go before accuracy falls? {len(measure.shares)} "
            f"shares of each, {measure.count:,} validation images."
        )
    progress(found, "Scanning layer by layer", "scan")
    name = f"Sensitivity scan: {setting.sentence()}"
    offer(study(setting), found, "Scan the layers", estimate(setting, layers), "scan_start", name)
    if value is not None and found.origin != "partial":
        _use(setting)
    return found.pending


def _use(setting: Setting) -> None:
    """Open the Prune page with budgets from this scan."""
    why = not_shared(setting.scorer, setting.granularity, SCAN)
    if st.button(
        "Use these budgets on Prune",
        key="scan_use",
        icon=":material/arrow_forward:",
        disabled=why is not None,
        help=why or tip("sensitivity budgets"),
    ):
        put(setting.model_copy(update={"allocation": SCAN, "allocation_options": {}}))
        st.switch_page("pages/prune/page.py")
