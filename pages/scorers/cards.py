"""One card a scorer: formula, idea, reference, needs, cost, failures, how it fares, and the way to the Prune page."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.choices.setting import Setting
from pages.scorers.costs import said
from pages.scorers.fares import fares, opened, removed
from pages.scorers.table import goes_with, kind
from pages.shared.state import put
from pruning.common.levels import share_in_percent
from pruning.criteria.kinds import scorers
from pruning.results.charts.words import tip
from pruning.results.intervals import wilson
from pruning.zoo.kinds import models

CONTROLS = f"{tip('shuffled control')} {tip('inverted control')}"


def overview(
    names: list[str],
    costs: dict[str, dict[str, Any]],
    table: pd.DataFrame,
    stored: dict[str, dict[str, Any]],
    level: str,
) -> pd.DataFrame:
    """All scorers in one table: family, kind, needs, seconds here, accuracy with what was removed, what they go with.

    Args:
        level: what was removed for the ``stored`` accuracies, in words.
    """
    tried = table[table["control"] == ""]
    # Each scorer on one kind of unit: a mean over weights at one level and channels at another would be of neither.
    tried = tried[tried["granularity"] == tried.groupby("scorer")["granularity"].transform("first")]
    tried = tried.drop_duplicates(["scorer", "seed"])
    means = tried.groupby("scorer")["accuracy"].mean()
    gone = {str(scorer): removed(some) for scorer, some in tried.groupby("scorer")}
    rows = []
    for name in names:
        entry = scorers[name]
        value = stored.get(name)
        share = means.get(name, value["correct"] / value["count"] if value is not None and table.empty else None)
        cost = costs.get(name, {}).get("seconds")
        accuracy = None if share is None else 100 * float(share)
        what = gone.get(name, level if share is not None else "")
        rows.append((entry.label, entry.family, kind(entry), entry.needs, cost, accuracy, what, goes_with(name)))
    columns = ["scorer", "family", "kind", "needs", "seconds here", "accuracy", "removed", "goes with"]
    return pd.DataFrame(rows, columns=columns).astype({"seconds here": "float64", "accuracy": "float64"})


def card(
    name: str, setting: Setting, cost: dict[str, Any] | None, label: str, value: dict[str, Any] | None, expanded: bool
) -> None:
    """One scorer, folded away until it is looked at."""
    entry = scorers[name]
    with st.expander(f"**{entry.label}** – {entry.summary or entry.idea}", expanded=expanded, key=f"card_{name}"):
        left, right = st.columns([3, 2], gap="medium")
        with left:
            st.latex(entry.formula)
            st.markdown(
                f"**Idea.** {entry.idea}\n\n**When it fails.** {entry.fails}\n\n"
                f"**Cost.** {entry.cost} On this machine: {said(cost)}."
            )
            st.caption(f"Reference: {entry.reference}")
        with right:
            st.markdown(f"**Kind.** A {kind(entry)}.", help=tip(kind(entry)))
            st.markdown(
                f"**Needs.** {entry.needs.capitalize()}{', and a seed' if entry.draws else ''}.\n\n"
                f"**Goes with.** {goes_with(name)}."
            )
            _fares(name, setting, label, value)
            target = opened(setting, name)
            row = st.container(horizontal=True, vertical_alignment="center")
            if row.button("Open on Prune", key=f"open_{name}", icon=":material/arrow_forward:"):
                put(target)
                st.switch_page("pages/prune/page.py")
            row.page_link("pages/prune/page.py", label="as a link", icon=":material/link:", query_params=target.query())


def _fares(name: str, setting: Setting, label: str, value: dict[str, Any] | None) -> None:
    """Accuracy beside the controls; where no table comes with the program, what the store has."""
    model = models[setting.model].label
    found = fares(name, setting.model)
    if len(found):
        own = found.iloc[0]
        rows = ""
        for row in found.to_dict("records"):
            other = "" if row["levels"] == own["levels"] else f" (at {row['levels']})"
            span = f"{row['least']:.1f} to {row['most']:.1f} %"
            rows += f"| {row['criterion']}{other} | {row['mean']:.1f} % | {span} |\n"
        st.markdown(
            f"**On {model}.** Accuracy after one-shot pruning at {own['levels']} sparsity, {own['runs']}:\n\n"
            f"| criterion | mean | least to most |\n| --- | ---: | ---: |\n{rows}",
            help=CONTROLS,
        )
        st.caption(label)
    elif value is not None:
        low, high = wilson(value["correct"], value["count"])
        st.markdown(
            f"**On {model}.** {share_in_percent(value['correct'], value['count'])} accuracy ({100 * low:.1f} to "
            f"{100 * high:.1f}) at {setting.level_words} sparsity; dense "
            f"{share_in_percent(value['dense_correct'], value['count'])}. Stored: test, {value['count']:,} images."
        )
    else:
        st.markdown(f"**On {model}.** Nothing stored at {setting.level_words} yet: open it on Prune.")
