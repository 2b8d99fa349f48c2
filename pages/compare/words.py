"""Compare in words: what each kind does, for a beginner, and what is often said beside what was measured here."""

from __future__ import annotations

from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from pages.choices.compare import Wish
from pages.compare.choosing import quoted
from pages.shared.collect import table_button
from pruning.results.families import FAMILIES
from pruning.results.sentences import amount
from pruning.results.tradeoffs import gap_words, times_smaller


def tables(table: pd.DataFrame, wish: Wish) -> None:
    """Kinds, quoted figures, and all ways with their numbers."""
    st.subheader("What each kind does", anchor=False)
    st.table(_kinds(table, wish))
    st.subheader("Often said, and measured here", anchor=False)
    st.dataframe(
        quoted(table).drop(columns="approach"), hide_index=True, placeholder="–", key="compare_quoted", width="stretch"
    )
    with st.expander(f"All {len(table)} ways in numbers"):
        shown = _all(table)
        st.dataframe(shown, hide_index=True, placeholder="–", key="compare_all", width="stretch")
        table_button("All ways in numbers", shown, "compare_all")


def _kinds(table: pd.DataFrame, wish: Wish) -> pd.DataFrame:
    """A line for each kind, and its best run here as a link: the smallest file within one point (validation)."""
    rows = []
    for name, kind in FAMILIES.items():
        mine = table[table["family"] == name]
        near = mine[100 * mine["validation_gap"] >= -1]
        shown = "not measured" if mine.empty else "none within one point of dense"
        if len(near):
            best = near.assign(gain=times_smaller(near, "bytes")).sort_values("gain").iloc[-1]
            link = urlencode(wish.model_copy(update={"way": str(best["name"])}).query())
            shown = f"[{best['label']}](/compare?{link}): {best['gain']:.1f} times smaller, {gap_words(best)}"
        rows.append(
            {
                "": f"**{kind.label}**",
                "weights; shapes": f"{kind.weights}; {kind.shapes}",
                "file": kind.file,
                "speed; hardware": f"{kind.speed}; {kind.hardware}",
                "training": kind.training,
                "best here": shown,
            }
        )
    return pd.DataFrame(rows).set_index("")


def _all(table: pd.DataFrame) -> pd.DataFrame:
    """Every way with its numbers, the smallest file first."""
    table = table.sort_values("bytes", kind="stable")
    return pd.DataFrame(
        {
            "way": table["label"],
            "accuracy (test, %)": (100 * table["accuracy"]).round(2),
            "from dense (points)": [gap_words(row) for row in table.to_dict("records")],
            "worst class (points of recall)": (100 * table["worst"]).round(1),
            "file": [amount(size) for size in table["bytes"]],
            "times smaller": times_smaller(table, "bytes").round(1),
            "MACs (M)": (table["macs"] / 1e6).round(2),
            "times faster (1 image)": times_smaller(table, "ms_1").round(2),
            "times faster (16)": times_smaller(table, "ms_16").round(2),
            "training steps": table["steps"],
        }
    )
