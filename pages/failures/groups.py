"""Which groups pay: by brightness, contrast, size, subfolder or column, or by a table of one's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.choices.failures import COUNTS, Suspicion
from pages.choices.setting import Setting
from pages.failures.work import pair
from pages.shared import fields
from pages.shared.answers import Answer, look
from pages.shared.offers import TITLE
from pages.shared.plain import plain
from pages.shared.show import show
from pruning.results.charts.damage_dots import damage_dots
from pruning.results.failures.classes import CERTAIN, changes
from pruning.results.failures.groups import group_table, groupings
from pruning.results.failures.shifts import SMALL
from pruning.study.study import MeasureSpec, Study


def properties(setting: Setting, split: str) -> Answer:
    """Properties of the examples of a split."""
    spec = MeasureSpec(name="properties", options={"split": split, "count": COUNTS[split]})
    return look(Study(base=setting.base, recipe=(), measures=(spec,)), f"failures_properties_{split}", automatic=True)


def panel(setting: Setting, chosen: Suspicion) -> bool:
    """Accuracy, error rates and the change of the gap of each group."""
    now, about = pair(setting, chosen), properties(setting, "test")
    two = now.two("test")
    if about.error:
        st.info(plain(about.error), icon=":material/info:")
        return now.pending
    if two is None or about.value is None or "numbers" not in about.value:
        st.caption("Looking at the images …")
        return True
    found = groupings(about.value)
    if not found:
        st.caption("These examples have no property by which they could be grouped.")
        return now.pending
    own = fields.Fields("failures", "", Suspicion())
    names = {name: name for name in found}
    by = own.kept.get("by", chosen.by)
    own.kept["by"] = by if by in names else next(iter(names))
    own.pick("Grouped by", "by", names)
    _show(found[own.kept["by"] if own.kept["by"] in found else next(iter(found))], two, own.kept["by"])
    return now.pending or about.pending


def _show(groups: np.ndarray, two: tuple, by: str) -> None:
    dense, small = two
    table = group_table(groups, dense, small)
    whole = float(changes(dense, small).mean())
    dots = pd.DataFrame(
        {
            "name": [f"{group} (too few)" if few else group for group, few in table[["group", "small"]].to_numpy()],
            "shift": table["shift"],
            "low": table["gap_low"] + whole,
            "high": table["gap_high"] + whole,
            "count": table["count"],
            "certain": table["p_holm"] < CERTAIN,
        }
    )
    paying = dots[dots["certain"] & (dots["shift"] < whole)]
    title = f"By {by}, no group lost more than the whole, as far as can be told"
    if len(paying):
        title = f"By {by}, {len(paying)} of {len(dots)} groups lost more than the whole: {paying['name'].iloc[0]} most"
    show(damage_dots(dots, whole, "change of accuracy (points)", title, "groups"), "groups", width=TITLE)
    shown = pd.DataFrame({"group": dots["name"], "images": table["count"]})
    rates = {"accuracy": "accuracy", "miss": "false negative rate", "alarm": "false positive rate"}
    for one, words in rates.items():
        shown[f"{words}, dense (%)"] = (100 * table[f"{one}_dense"]).round(1)
        shown[f"{words} (%)"] = (100 * table[one]).round(1)
    gap = zip(table["gap_change"], table["gap_low"], table["gap_high"], strict=True)
    shown["change of the gap (points)"] = [f"{100 * a:+.1f} ({100 * b:+.1f} to {100 * c:+.1f})" for a, b, c in gap]
    st.dataframe(shown, hide_index=True, placeholder="–", key="failures_groups_table")
    st.caption(
        "Error rates are means over classes. The gap: a group's accuracy minus that of all; its change with a 95 % "
        f"interval (Welch), certain after Holm's correction. Fewer than {SMALL} images are too few for a verdict."
    )
