"""Which classes pay, and the headline."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.choices.failures import Suspicion
from pages.choices.setting import Setting
from pages.failures.work import namer, offered, pair, title
from pages.shared.offers import TITLE
from pages.shared.show import show
from pruning.results.charts.damage_dots import damage_dots
from pruning.results.failures.classes import CERTAIN, changes, class_table, confusions, who_pays
from pruning.results.sentences import difference


def headline(setting: Setting, chosen: Suspicion) -> bool:
    """Who pays, and how sure that is."""
    now = pair(setting, chosen)
    two = now.two("test")
    if two is None:
        st.header(f"Who pays for {title(setting, chosen)}?", anchor=False)
        offered(setting, chosen, now)
        return now.pending
    dense, small = two
    moved = changes(dense, small)
    st.header(who_pays(class_table(dense, small), namer(setting), float(moved.mean())), anchor=False)
    counts = {"lost": int((moved < 0).sum()), "gained": int((moved > 0).sum()), "count": len(moved)}
    said = difference(counts | {"correct": int(small.right.sum()), "dense_correct": int(dense.right.sum())})
    part = "first " if now.pending else ""
    st.caption(
        f"{title(setting, chosen)}: {100 * small.right.mean():.1f} % of the {part}{len(moved):,} test images are "
        f"right, dense {100 * dense.right.mean():.1f} % ({said}). One network each: this speaks of this file."
    )
    if not now.complete:
        offered(setting, chosen, now)
    return now.pending


def panel(setting: Setting, chosen: Suspicion) -> bool:
    """Recall, precision and share of each class, and the confusions that grew."""
    now = pair(setting, chosen)
    two = now.two("test")
    if two is None:
        return now.pending
    dense, small = two
    name, table = namer(setting), class_table(dense, small)
    dots = table.assign(name=[name(label) for label in table["label"]], certain=table["p_holm"] < CERTAIN)
    whole = float(changes(dense, small).mean())
    show(damage_dots(dots, whole, "change of recall (points)", _title(dots), "classes"), "classes", width=TITLE)
    st.caption(
        "Paired on the same images: 95 % intervals by Bonett and Price. Squares: the class moved otherwise than the "
        f"others (Welch's test on images), certain after Holm's correction for {len(table)} classes."
    )
    shares = ("recall_dense", "recall", "precision_dense", "precision", "share_dense", "share")
    shown = pd.DataFrame({"class": dots["name"], "images": table["count"]})
    for one in shares:
        words = one.removesuffix("_dense") + (", dense (%)" if one.endswith("_dense") else " (%)")
        shown[words] = (100 * table[one]).round(1)
    st.dataframe(shown, hide_index=True, placeholder="–", key="failures_classes_table")
    grown = confusions(dense, small, 5)
    if len(grown):
        st.subheader("Confusions that grew most", anchor=False)
        lines = [
            f"- {name(row['label'])} taken for {name(row['answer'])}: {row['before']} images before, {row['after']} now"
            for row in grown.to_dict("records")
        ]
        st.markdown("\n".join(lines))
    return now.pending


def _title(dots: pd.DataFrame) -> str:
    """How many classes pay, of how many."""
    paying = dots[dots["certain"] & (dots["beyond"] < 0)]
    if paying.empty:
        return f"None of {len(dots)} classes lost more than the whole, as far as can be told"
    return f"{len(paying)} of {len(dots)} classes lost more than the whole, {paying['name'].iloc[0]} most"
