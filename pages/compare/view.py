"""What the page Compare shows: the answer, the picture, one way in detail, and all of them as tables."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from pages.choices.compare import Wish
from pages.compare import detail, device, work
from pages.compare import words as compare_words
from pages.compare.choosing import answer, chosen, faster, sure
from pages.compare.controls import SELECTED
from pages.compare.tasks import estimate
from pages.compare.work import KnownApproaches
from pages.shared.estimates import told
from pages.shared.jobs import mean_share, progress
from pages.shared.offers import TITLE, button
from pages.shared.plain import plain
from pages.shared.show import show
from pruning.common.levels import share_in_percent
from pruning.results.charts.tradeoff import tradeoff
from pruning.results.charts.words import tip
from pruning.results.failures.worst import with_worst
from pruning.results.sentences import amount
from pruning.results.tradeoffs import frame, times_smaller
from pruning.zoo.kinds import models


def panel(wish: Wish) -> bool:
    """Everything; returns whether something is under way."""
    if st.session_state.get(SELECTED, "") != wish.way:
        st.rerun()  # the whole page: a click is a word of the address
    known, making = work.look(wish.plan), False
    table = with_worst(frame(known.results), known.results, work.labels(wish.plan))
    label = models[wish.model].label
    best = chosen(table, wish) if len(table) else None
    st.header(
        answer(table, wish, label) if len(table) else f"{label}: what makes it smaller, and at what price?",
        anchor=False,
    )
    if best is not None:
        _numbers(table[table["name"] == best], known, wish)
    _work(known, wish)
    if len(table):
        show(
            tradeoff(table, wish.axis, best, bool(known.running), wish.upward),
            "compare",
            width=TITLE,
            on_select=_clicked,
        )
        _about(known, table, wish)
        detail.detail(wish, known, table, _one(table, best))
        compare_words.tables(table, wish)
        making = device.own_device(wish, table, best or "dense")
    return bool(known.running or known.making or making)


def _clicked() -> None:
    """The clicked approach, by the name that its point carries."""
    points = st.session_state["compare"]["selection"]["points"]
    names = [str(point["customdata"][0]) for point in points if point.get("customdata")]
    if names:
        st.session_state[SELECTED] = names[0]


def _one(table: pd.DataFrame, best: str | None) -> str:
    """The approach that is shown in detail: the clicked one, else the recommended one."""
    name = str(st.session_state.get(SELECTED, ""))
    return name if name in set(table["name"]) else best or "dense"


def _numbers(rows: pd.DataFrame, known: KnownApproaches, wish: Wish) -> None:
    """The recommended approach in numbers, and how sure that is."""
    row = rows.iloc[0]
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            f"Accuracy, {row['count']:,} test images",
            share_in_percent(row["accuracy"]),
            f"{100 * row['low']:.1f} to {100 * row['high']:.1f}",
            delta_color="off",
            delta_arrow="off",
            help=tip("Wilson interval"),
        )
        smaller = float(times_smaller(rows, "bytes").iloc[0])
        file = "ONNX file" if row["int8"] else "Smallest file"
        st.metric(
            file,
            amount(row["bytes"]),
            f"{smaller:.1f} times smaller than {amount(row['dense_bytes'])}",
            delta_color="off",
            delta_arrow="off",
        )
        fewer = float(times_smaller(rows, "macs").iloc[0])
        st.metric(
            "MACs an image",
            f"{row['macs'] / 1e6:,.2f} M",
            f"{fewer:.1f} times fewer than {row['dense_macs'] / 1e6:,.2f} M",
            delta_color="off",
            delta_arrow="off",
            help=tip("MAC"),
        )
        if row["ms_1"] == row["ms_1"]:
            st.metric(
                "One image in ONNX Runtime",
                f"{row['ms_1']:.3g} ms",
                f"{faster(row)}; dense {row['dense_ms_1']:.3g} ms",
                delta_color="off",
                delta_arrow="off",
            )
    st.caption(f"Chosen on validation images among {len(known.results)} ways. {sure(row, wish.most_points)}")


def _work(known: KnownApproaches, wish: Wish) -> None:
    """Progress and cancel, or the buttons that measure what is lacking."""
    for error in known.errors:
        st.warning(plain(error), icon=":material/error:")
    if known.running:
        time = told(known.running)
        said = f", the one under way has {time.words('left')}" if time is not None else ""
        words = f"{len(known.running)} jobs under way{said}"
        progress(known.running, mean_share(known.running), words, "compare_cancel")
        return
    row = st.container(horizontal=True, vertical_alignment="center")
    if known.lacking:
        button(
            f"Measure {len(known.lacking)} {'more ways' if known.results else 'ways'}",
            partial(work.begin, wish.plan, known, wish.query()),
            "compare_start",
            estimate(known.lacking, wish.plan),
            of="of one core",
            place=row,
            type="secondary" if known.results else "primary",
        )
    if known.untimed:
        times, ask = f"Time {len(known.untimed)} ways on this machine", partial(work.time_here, known)
        button(times, ask, "compare_time", place=row, icon=":material/timer:")


def _about(known: KnownApproaches, table: pd.DataFrame, wish: Wish) -> None:
    """On what the numbers were measured."""
    fine = wish.plan.fine
    said = f"One training of {fine.steps:,} steps of {fine.batch} images each, the same for all that train"
    said += ". " if table["steps"].any() else "; none of these is measured yet. "
    said += "Bytes: the smallest of several files, compressed where that helps; int8 ways: the ONNX file as it is. "
    if known.about is not None and known.about.origin == "bundled":
        made = [f"on {one.created:%d %B %Y}, {one.machine}" for one in (known.about, *known.later)]
        said += f"Stored with the program: made by `assets/compare.py` {'; some ways '.join(made)}; "
        said += "what you compute here is added. "
    if known.timed:
        where = "this machine" if known.here else known.timed
        said += f"Times: medians in ONNX Runtime, one thread, on {where}, each by turns with the dense network."
    if wish.axis in ("ms_1", "ms_16"):
        said += " Hollow: no measurable difference in time from dense."
    low = table[table["accuracy"] < table.loc[table["name"] == "dense", "accuracy"].max() - 0.12]
    if len(low):
        said += f" Hollow marks at the lower edge lie below it: {', '.join(low['label'])}."
    st.caption(said)
