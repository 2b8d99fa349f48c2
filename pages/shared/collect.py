"""What this session's report is made of so far: charts, findings and runs that were added from pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from pages.shared.plain import plain
from pages.shared.server import store
from pruning.common.errors import PruningError
from pruning.results.charts.base import Chart
from pruning.results.report.blocks import literal
from pruning.results.report.evidence import Evidence
from pruning.results.report.items import Item
from pruning.results.report.report import MOST_ITEMS
from pruning.study.study import Study

KEPT = "report_items"
ICON = ":material/post_add:"


def items() -> list[Item]:
    """The items in their order; the list itself, which may be changed."""
    return st.session_state.setdefault(KEPT, [])


def add(item: Item) -> None:
    """Put an item at the end, once."""
    listed = items()
    if any((one.kind, one.title, one.source) == (item.kind, item.title, item.source) for one in listed):
        st.toast("That is in the report already.")
    elif len(listed) >= MOST_ITEMS:
        st.toast(f"A report has at most {MOST_ITEMS} items: remove some on the page Report.")
    else:
        listed.append(item)
        st.toast("Added: see the page Report.")


def chart_buttons(chart: Chart, key: str) -> None:
    """Draw the buttons that add a chart, or what it says."""
    row = st.container(horizontal=True)
    given: dict[str, Callable[[], None]] = {
        "Add to report": lambda: add(Item("chart", chart.title, chart, here())),
        "Its finding alone": lambda: add(Item("finding", chart.title, f"{literal(chart.title)}.", here())),
    }
    for number, (label, act) in enumerate(given.items()):
        if row.button(label, key=f"report{number}_{key}", icon=ICON if not number else None):
            act()


def table_button(title: str, table: pd.DataFrame, key: str) -> None:
    """Draw the button that adds a table of numbers, which its title says what they are of."""
    added = partial(add, Item("table", title, table, here()))
    st.button("Add to report", key=f"report_{key}", icon=ICON, type="tertiary", on_click=added)


def run_button(label: str, key: str, runs: dict[str, Study], **look: Any) -> None:
    """Draw the button that adds runs, with what the store has of them.

    Args:
        runs: studies by name.
        look: as ``st.button`` takes it.
    """
    st.button(label, key=key, icon=ICON, on_click=partial(_add_runs, runs), **look)


def _add_runs(runs: dict[str, Study]) -> None:
    for name, study in runs.items():
        try:
            known = store().get(cell.measure_key(spec) for cell in study.cells() for spec in study.measures)
        except PruningError as error:
            st.toast(plain(str(error)))
            return
        run = Evidence.stored(study, known, name)
        if run.rows:
            add(Item("run", name, run))
        else:
            st.toast(f"Nothing of {plain(name)} is measured yet: open it on its page first.")


def here() -> str:
    """The address of what is on the page, where the browser said it."""
    page = (st.context.url or "").split("?")[0]
    words = st.query_params.to_dict()
    return f"{page}?{urlencode(words)}" if page and words else page
