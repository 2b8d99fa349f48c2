"""Pairs of curves at one level: is the difference more than images and seeds explain?"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import streamlit as st

from pages.choices.curves import View
from pages.curves.known import profile_of
from pages.curves.state import first, keep
from pages.curves.verdicts import busy, coming, lacking_at, name, right_at, study_at
from pages.curves.work import estimate, works
from pages.shared.plain import plain
from pages.shared.standing import standing, whole
from pruning.common.levels import in_percent
from pruning.results.charts.base import percent
from pruning.results.charts.levels import level_percent
from pruning.results.comparisons import Difference, in_words, on_same_images, paired
from pruning.results.sentences import removed

CONFIDENCE = 0.95
SHOWN = 6
"""Pairs that are shown at once; the others are folded away."""


def level(view: View) -> View:
    """The level at which pairs are compared: one that all curves have."""
    shared = sorted(set.intersection(*(set(work.levels) for work in works(view))))
    if not shared:
        st.info("These curves have no level in common: patterns such as 2:4 meet only one.")
        return view
    now = view.at if view.at in shared else min(shared, key=lambda stop: abs(stop - view.at))
    key = keep("at", now)
    if st.session_state[key] not in shared:
        st.session_state[key] = now
    start = first("at") if first("at") in shared else now
    at = st.select_slider(
        "Compare at sparsity",
        shared,
        start,
        key=key,
        format_func=in_percent,
        help="The level that was asked for; what is really removed is said where it differs.",
    )
    return view.model_copy(update={"at": int(at)})


def pairs(view: View) -> bool:
    """Say of each pair what is known; returns whether more is on its way."""
    pending = busy(view)
    right = right_at(view)
    names = [curve.label() for curve in view.curves]
    couples = list(itertools.combinations(names, 2))
    confidence = 1 - (1 - CONFIDENCE) / len(couples)
    said: list[tuple[float, str]] = []
    open_pairs = []
    for one, other in couples:
        found = _compared(right, one, other, confidence)
        if found is None:
            open_pairs.append((one, other))
        else:
            text = in_words(one, other, found, f"at {level_percent(view.at)} sparsity", confidence)
            said.append((abs(found.difference), text + _basis(found)))
    sentences = [text for _, text in sorted(said, reverse=True)]
    for text in sentences[:SHOWN]:
        st.markdown(f"- {text}")
    if len(sentences) > SHOWN:
        with st.expander(f"{len(sentences) - SHOWN} smaller differences"):
            st.markdown("\n".join(f"- {text}" for text in sentences[SHOWN:]))
    if open_pairs:
        number = f"{len(open_pairs)} of {len(couples)} pairs are" if len(couples) > 1 else "They are"
        st.caption(f"{number} not compared on the same images yet.")
    _offer(view, pending)
    _really(view)
    many = "In brackets the 95 % interval"
    if len(couples) > 1:
        many += f", widened (Bonferroni) so that all {len(couples)} pairs hold together"
    st.caption(
        f"{many}. One seed: McNemar's exact test on the same images, which says nothing of other seeds. Several: seeds "
        "and images both vary (crossed random effects, Student's t). Each training seed is one network, the "
        "mean over its draws, where several are chosen. Two seeds can hardly ever tell: take three or more."
    )
    return pending


def _compared(
    right: Mapping[tuple[str, int, int], np.ndarray], one: str, other: str, confidence: float
) -> Difference | None:
    """The difference of two curves over the seeds and images that both have."""
    rows = [{key[1:]: bits for key, bits in right.items() if key[0] == curve} for curve in (one, other)]
    both = paired(*rows)
    return None if both is None else on_same_images(*both, confidence)


def _basis(found: Difference) -> str:
    seeds = "one seed" if found.seeds == 1 else f"{found.seeds} seeds"
    return f" :small[({found.images:,} images, {seeds})]"


def _offer(view: View, pending: bool) -> None:
    """Compare on all images, on request where it takes long."""
    if pending:
        st.caption("Comparing image by image …")
        return
    lacking = lacking_at(view)
    if any(coming(work) for work in lacking):
        st.caption("Right and wrong on all images come with the curves that are being measured.")
        return
    failed = standing(whole(study_at(view, work)) for work in lacking).errors
    for error in failed:
        st.info(plain(error), icon=":material/info:")
    if lacking and not failed:
        label = f"Compare on all images ({estimate(view, len(lacking)).words()})"
        if st.button(label, key="pairs_measure", icon=":material/play_arrow:"):
            st.session_state["pairs_wanted"] = name(view)
            st.rerun()


def _really(view: View) -> None:
    """What is really removed at the level, where curves differ in it: then they are not compared at one sparsity."""
    shares: dict[str, float] = {}
    for work in works(view):
        profile = profile_of(work)
        if profile is not None and view.at in work.levels:
            shares.setdefault(work.curve, removed(profile, view.at))
    if shares and max(shares.values()) - min(shares.values()) > 0.005:
        listed = "; ".join(f"{curve} {percent(share)}" for curve, share in shares.items())
        st.caption(f"Really removed of all prunable weights at this level: {listed}.")
